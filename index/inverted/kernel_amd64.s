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

// func nearAVX512(out, signatures []uint32, query, bound uint32) int
//
// A line of the cache at a time. Places of those that pass are compressed in a register and stored whole: memory is what
// this waits for, and a branch would be mispredicted. Compressing to memory is slow on some machines.
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

line:
	PREFETCHT0 1024(SI)
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

half:
	PREFETCHT0 1024(SI)
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

// func distancesAVX512(out *[fan]uint64, centres *node, query *[4]uint64)
TEXT ·distancesAVX512(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ centres+8(FP), SI
	MOVQ query+16(FP), DX
	VPBROADCASTQ (DX), Z0
	VPBROADCASTQ 8(DX), Z1
	VPBROADCASTQ 16(DX), Z2
	VPBROADCASTQ 24(DX), Z3
	MOVL $32, CX

eight:
	VPXORQ (SI), Z0, Z4
	VPXORQ 2048(SI), Z1, Z5
	VPXORQ 4096(SI), Z2, Z6
	VPXORQ 6144(SI), Z3, Z7
	VPOPCNTQ Z4, Z4
	VPOPCNTQ Z5, Z5
	VPOPCNTQ Z6, Z6
	VPOPCNTQ Z7, Z7
	VPADDQ Z5, Z4, Z4
	VPADDQ Z7, Z6, Z6
	VPADDQ Z6, Z4, Z4
	VMOVDQU64 Z4, (DI)
	ADDQ $64, SI
	ADDQ $64, DI
	DECL CX
	JNE  eight
	VZEROUPPER
	RET

// func distancesAVX2(out *[fan]uint64, centres *node, query *[4]uint64)
TEXT ·distancesAVX2(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ centres+8(FP), SI
	MOVQ query+16(FP), DX
	VPBROADCASTQ (DX), Y0
	VPBROADCASTQ 8(DX), Y1
	VPBROADCASTQ 16(DX), Y2
	VPBROADCASTQ 24(DX), Y3
	VMOVDQU nibbles<>(SB), Y15
	MOVL $0x0f0f0f0f, AX
	VMOVD AX, X14
	VPBROADCASTD X14, Y14
	VPXOR Y13, Y13, Y13
	MOVL $64, CX

four:
	VPXOR (SI), Y0, Y4
	VPXOR 2048(SI), Y1, Y5
	VPXOR 4096(SI), Y2, Y6
	VPXOR 6144(SI), Y3, Y7
	COUNT(Y4, Y8)
	COUNT(Y5, Y9)
	COUNT(Y6, Y10)
	COUNT(Y7, Y11)
	VPADDB Y5, Y4, Y4
	VPADDB Y7, Y6, Y6
	VPADDB Y6, Y4, Y4
	VPSADBW Y13, Y4, Y4
	VMOVDQU Y4, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	DECL CX
	JNE  four
	VZEROUPPER
	RET
