//go:build !noasm

#include "textflag.h"

DATA places<>+0(SB)/8, $0x0000000100000000
DATA places<>+8(SB)/8, $0x0000000300000002
DATA places<>+16(SB)/8, $0x0000000500000004
DATA places<>+24(SB)/8, $0x0000000700000006
DATA places<>+32(SB)/8, $0x0000000900000008
DATA places<>+40(SB)/8, $0x0000000b0000000a
DATA places<>+48(SB)/8, $0x0000000d0000000c
DATA places<>+56(SB)/8, $0x0000000f0000000e
GLOBL places<>(SB), RODATA|NOPTR, $64

// The number of bits in each of the 16 half bytes.
DATA nibbles<>+0(SB)/8, $0x0302020102010100
DATA nibbles<>+8(SB)/8, $0x0403030203020201
DATA nibbles<>+16(SB)/8, $0x0302020102010100
DATA nibbles<>+24(SB)/8, $0x0403030203020201
GLOBL nibbles<>(SB), RODATA|NOPTR, $32

// The places of centres by lanes of 16 bits, where 32 are taken at once, eight by eight, and where 16 are, four by four.
DATA eights<>+0(SB)/8, $0x0018001000080000
DATA eights<>+8(SB)/8, $0x0019001100090001
DATA eights<>+16(SB)/8, $0x001a0012000a0002
DATA eights<>+24(SB)/8, $0x001b0013000b0003
DATA eights<>+32(SB)/8, $0x001c0014000c0004
DATA eights<>+40(SB)/8, $0x001d0015000d0005
DATA eights<>+48(SB)/8, $0x001e0016000e0006
DATA eights<>+56(SB)/8, $0x001f0017000f0007
GLOBL eights<>(SB), RODATA|NOPTR, $64
DATA quads<>+0(SB)/8, $0x000c000800040000
DATA quads<>+8(SB)/8, $0x000d000900050001
DATA quads<>+16(SB)/8, $0x000e000a00060002
DATA quads<>+24(SB)/8, $0x000f000b00070003
GLOBL quads<>(SB), RODATA|NOPTR, $32

// What is added to those from one turn to the next, and the greatest distance.
DATA sixteen<>+0(SB)/8, $0x0010001000100010
DATA sixteen<>+8(SB)/8, $0x0010001000100010
DATA sixteen<>+16(SB)/8, $0x0010001000100010
DATA sixteen<>+24(SB)/8, $0x0010001000100010
GLOBL sixteen<>(SB), RODATA|NOPTR, $32
DATA most<>+0(SB)/8, $0x00ff00ff00ff00ff
DATA most<>+8(SB)/8, $0x00ff00ff00ff00ff
DATA most<>+16(SB)/8, $0x00ff00ff00ff00ff
DATA most<>+24(SB)/8, $0x00ff00ff00ff00ff
GLOBL most<>(SB), RODATA|NOPTR, $32

// func nearAVX512(out, signatures []uint32, query, bound uint32) int
//
// A line of the cache at a time. Places of those that pass are compressed in a register and stored whole: memory is what
// this waits for, and a branch would be mispredicted. Compressing to memory is slow on some machines. What is asked for
// ahead ends with the list: lists are short, and what lies behind them is another's.
TEXT ·nearAVX512(SB), NOSPLIT, $0-64
	MOVQ out_base+0(FP), DI
	MOVQ signatures_base+24(FP), SI
	MOVQ signatures_len+32(FP), CX
	MOVL query+48(FP), AX
	VMOVD AX, X0
	VPBROADCASTD X0, Z0
	MOVL bound+52(FP), AX
	VMOVD AX, X1
	VPBROADCASTD X1, Z1
	VMOVDQU32 places<>(SB), Z2
	MOVL $16, AX
	VPBROADCASTD AX, Z3
	MOVQ DI, R8
	LEAQ -64(SI)(CX*4), R10

line:
	LEAQ 1024(SI), R11
	CMPQ R11, R10
	CMOVQHI R10, R11
	PREFETCHT0 (R11)
	VPXORD (SI), Z0, Z4
	VPOPCNTD Z4, Z4
	VPCMPUD $2, Z1, Z4, K1
	VPCOMPRESSD.Z Z2, K1, Z5
	VMOVDQU32 Z5, (DI)
	KMOVW K1, AX
	POPCNTL AX, AX
	LEAQ (DI)(AX*4), DI
	VPADDD Z3, Z2, Z2
	ADDQ $64, SI
	SUBQ $16, CX
	JNE  line
	SUBQ R8, DI
	SHRQ $2, DI
	MOVQ DI, ret+56(FP)
	VZEROUPPER
	RET

// COUNT replaces the bytes of x by how many bits they have, with Y14 the lower half bytes and Y15 the counts of each.
#define COUNT(x, t) \
	VPSRLW $4, x, t \
	VPAND Y14, x, x \
	VPAND Y14, t, t \
	VPSHUFB x, Y15, x \
	VPSHUFB t, Y15, t \
	VPADDB t, x, x

// func nearAVX2(out, signatures []uint32, query, bound uint32) int
TEXT ·nearAVX2(SB), NOSPLIT, $0-64
	MOVQ out_base+0(FP), DI
	MOVQ signatures_base+24(FP), SI
	MOVQ signatures_len+32(FP), CX
	MOVL query+48(FP), AX
	VMOVD AX, X0
	VPBROADCASTD X0, Y0
	MOVL bound+52(FP), AX
	VMOVD AX, X1
	VPBROADCASTD X1, Y1
	VMOVDQU nibbles<>(SB), Y15
	MOVL $0x0f0f0f0f, AX
	VMOVD AX, X14
	VPBROADCASTD X14, Y14
	MOVL $0x01010101, AX
	VMOVD AX, X13
	VPBROADCASTD X13, Y13
	MOVL $0x00010001, AX
	VMOVD AX, X12
	VPBROADCASTD X12, Y12
	MOVQ DI, R8
	XORL R9, R9
	LEAQ -64(SI)(CX*4), R10

half:
	LEAQ 1024(SI), R11
	CMPQ R11, R10
	CMOVQHI R10, R11
	PREFETCHT0 (R11)
	VPXOR (SI), Y0, Y4
	COUNT(Y4, Y5)
	VPMADDUBSW Y13, Y4, Y4
	VPMADDWD Y12, Y4, Y4
	VPCMPGTD Y1, Y4, Y4
	VMOVMSKPS Y4, AX
	XORL $255, AX
	JEQ  none

write:
	TZCNTL AX, DX
	ADDL R9, DX
	MOVL DX, (DI)
	ADDQ $4, DI
	BLSRL AX, AX
	JNE  write

none:
	ADDQ $32, SI
	ADDL $8, R9
	SUBQ $8, CX
	JNE  half
	SUBQ R8, DI
	SHRQ $2, DI
	MOVQ DI, ret+56(FP)
	VZEROUPPER
	RET

// EIGHT puts into acc the number of bits in which the eight centres at off(SI) differ from the query.
#define EIGHT(off, acc) \
	VPXORQ off(SI), Z0, acc \
	VPXORQ 2048+off(SI), Z1, Z8 \
	VPXORQ 4096+off(SI), Z2, Z9 \
	VPXORQ 6144+off(SI), Z3, Z10 \
	VPOPCNTQ acc, acc \
	VPOPCNTQ Z8, Z8 \
	VPOPCNTQ Z9, Z9 \
	VPOPCNTQ Z10, Z10 \
	VPADDQ Z8, acc, acc \
	VPADDQ Z10, Z9, Z9 \
	VPADDQ Z9, acc, acc

// LEAST512 puts the least key into the lower 16 bits of to, and into the lanes that have it K1.
#define LEAST512(to) \
	VEXTRACTI64X4 $1, Z4, Y8 \
	VPMINUW Y4, Y8, Y8 \
	VEXTRACTI128 $1, Y8, X9 \
	VPMINUW X9, X8, X8 \
	VPHMINPOSUW X8, X8 \
	VMOVD X8, to \
	MOVWLZX to, to \
	VPBROADCASTW X8, Z8 \
	VPCMPEQW Z8, Z4, K1

// func nearestAVX512(out *uint64, centres *node, descriptors *feature.Descriptor, order *uint32, n int)
//
// 32 centres at a time, each in a lane of 16 bits: its distance and its place make a key. Of each lane the four least keys
// are kept, in Z4 to Z7; in the end the least of all lanes is taken four times.
TEXT ·nearestAVX512(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ centres+8(FP), R8
	MOVQ descriptors+16(FP), R9
	MOVQ order+24(FP), R10
	MOVQ n+32(FP), R11
	VMOVDQU64 eights<>(SB), Z16
	MOVL $0x00200020, AX
	VPBROADCASTD AX, Z17
	MOVL $0x00ff00ff, AX
	VPBROADCASTD AX, Z18

one:
	MOVL (R10), DX
	SHLQ $5, DX
	ADDQ R9, DX
	VPBROADCASTQ (DX), Z0
	VPBROADCASTQ 8(DX), Z1
	VPBROADCASTQ 16(DX), Z2
	VPBROADCASTQ 24(DX), Z3
	VPTERNLOGD $255, Z4, Z4, Z4
	VMOVDQA64 Z4, Z5
	VMOVDQA64 Z4, Z6
	VMOVDQA64 Z4, Z7
	VMOVDQA64 Z16, Z15
	MOVQ R8, SI
	MOVL $8, CX

block:
	EIGHT(0, Z11)
	EIGHT(64, Z12)
	EIGHT(128, Z13)
	EIGHT(192, Z14)
	VPSLLQ $16, Z12, Z12
	VPSLLQ $32, Z13, Z13
	VPSLLQ $48, Z14, Z14
	VPORQ Z12, Z11, Z11
	VPTERNLOGQ $0xfe, Z14, Z13, Z11
	VPMINUW Z18, Z11, Z11
	VPSLLW $8, Z11, Z11
	VPORQ Z15, Z11, Z11
	VPADDW Z17, Z15, Z15
	VPMAXUW Z11, Z4, Z8
	VPMINUW Z11, Z4, Z4
	VPMAXUW Z8, Z5, Z9
	VPMINUW Z8, Z5, Z5
	VPMAXUW Z9, Z6, Z10
	VPMINUW Z9, Z6, Z6
	VPMINUW Z10, Z7, Z7
	ADDQ $256, SI
	DECL CX
	JNE  block
	LEAST512(AX)
	VMOVDQU16 Z5, K1, Z4
	VMOVDQU16 Z6, K1, Z5
	VMOVDQU16 Z7, K1, Z6
	LEAST512(BX)
	VMOVDQU16 Z5, K1, Z4
	VMOVDQU16 Z6, K1, Z5
	SHLQ $16, BX
	ORQ  BX, AX
	LEAST512(BX)
	VMOVDQU16 Z5, K1, Z4
	SHLQ $32, BX
	ORQ  BX, AX
	LEAST512(BX)
	SHLQ $48, BX
	ORQ  BX, AX
	MOVQ AX, (DI)
	ADDQ $8, DI
	ADDQ $4, R10
	DECQ R11
	JNE  one
	VZEROUPPER
	RET

// WORD adds to Y10, byte by byte, the bits in which the words at off(SI) differ from q.
#define WORD(off, q) \
	VPXOR off(SI), q, Y8 \
	VPSRLW $4, Y8, Y9 \
	VPAND Y14, Y8, Y8 \
	VPAND Y14, Y9, Y9 \
	VPSHUFB Y8, Y15, Y8 \
	VPSHUFB Y9, Y15, Y9 \
	VPADDB Y8, Y10, Y10 \
	VPADDB Y9, Y10, Y10

// FOUR puts into Y10 the number of bits in which the four centres at off(SI) differ from the query.
#define FOUR(off) \
	VPXOR Y10, Y10, Y10 \
	WORD(off, Y0) \
	WORD(2048+off, Y1) \
	WORD(4096+off, Y2) \
	WORD(6144+off, Y3) \
	VPSADBW Y13, Y10, Y10

// LEAST256 puts the least key into the lower 16 bits of to, and ones into the lanes of Y8 that have it.
#define LEAST256(to) \
	VEXTRACTI128 $1, Y4, X8 \
	VPMINUW X4, X8, X8 \
	VPHMINPOSUW X8, X8 \
	VMOVD X8, to \
	MOVWLZX to, to \
	VPBROADCASTW X8, Y8 \
	VPCMPEQW Y8, Y4, Y8

// func nearestAVX2(out *uint64, centres *node, descriptors *feature.Descriptor, order *uint32, n int)
//
// The same, 16 centres at a time.
TEXT ·nearestAVX2(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ centres+8(FP), R8
	MOVQ descriptors+16(FP), R9
	MOVQ order+24(FP), R10
	MOVQ n+32(FP), R11
	VMOVDQU nibbles<>(SB), Y15
	MOVL $0x0f0f0f0f, AX
	VMOVD AX, X14
	VPBROADCASTD X14, Y14
	VPXOR Y13, Y13, Y13

one:
	MOVL (R10), DX
	SHLQ $5, DX
	ADDQ R9, DX
	VPBROADCASTQ (DX), Y0
	VPBROADCASTQ 8(DX), Y1
	VPBROADCASTQ 16(DX), Y2
	VPBROADCASTQ 24(DX), Y3
	VPCMPEQW Y4, Y4, Y4
	VMOVDQA Y4, Y5
	VMOVDQA Y4, Y6
	VMOVDQA Y4, Y7
	VMOVDQU quads<>(SB), Y12
	MOVQ R8, SI
	MOVL $16, CX

block:
	FOUR(0)
	VMOVDQA Y10, Y11
	FOUR(32)
	VPSLLQ $16, Y10, Y10
	VPOR Y10, Y11, Y11
	FOUR(64)
	VPSLLQ $32, Y10, Y10
	VPOR Y10, Y11, Y11
	FOUR(96)
	VPSLLQ $48, Y10, Y10
	VPOR Y10, Y11, Y11
	VPMINUW most<>(SB), Y11, Y11
	VPSLLW $8, Y11, Y11
	VPOR Y12, Y11, Y11
	VPADDW sixteen<>(SB), Y12, Y12
	VPMAXUW Y11, Y4, Y8
	VPMINUW Y11, Y4, Y4
	VPMAXUW Y8, Y5, Y9
	VPMINUW Y8, Y5, Y5
	VPMAXUW Y9, Y6, Y10
	VPMINUW Y9, Y6, Y6
	VPMINUW Y10, Y7, Y7
	ADDQ $128, SI
	DECL CX
	JNE  block
	LEAST256(AX)
	VPBLENDVB Y8, Y5, Y4, Y4
	VPBLENDVB Y8, Y6, Y5, Y5
	VPBLENDVB Y8, Y7, Y6, Y6
	LEAST256(BX)
	VPBLENDVB Y8, Y5, Y4, Y4
	VPBLENDVB Y8, Y6, Y5, Y5
	SHLQ $16, BX
	ORQ  BX, AX
	LEAST256(BX)
	VPBLENDVB Y8, Y5, Y4, Y4
	SHLQ $32, BX
	ORQ  BX, AX
	LEAST256(BX)
	SHLQ $48, BX
	ORQ  BX, AX
	MOVQ AX, (DI)
	ADDQ $8, DI
	ADDQ $4, R10
	DECQ R11
	JNE  one
	VZEROUPPER
	RET

// func signatureBMI2(masks, d *[4]uint64) uint64
TEXT ·signatureBMI2(SB), NOSPLIT, $0-24
	MOVQ masks+0(FP), SI
	MOVQ d+8(FP), DX
	MOVQ 24(SI), AX
	MOVQ 24(DX), BX
	PEXTQ AX, BX, R8
	MOVQ 16(SI), AX
	MOVQ 16(DX), BX
	PEXTQ AX, BX, R9
	POPCNTQ AX, CX
	SHLXQ CX, R8, R8
	ORQ  R9, R8
	MOVQ 8(SI), AX
	MOVQ 8(DX), BX
	PEXTQ AX, BX, R9
	POPCNTQ AX, CX
	SHLXQ CX, R8, R8
	ORQ  R9, R8
	MOVQ (SI), AX
	MOVQ (DX), BX
	PEXTQ AX, BX, R9
	POPCNTQ AX, CX
	SHLXQ CX, R8, R8
	ORQ  R9, R8
	MOVQ R8, ret+16(FP)
	RET
