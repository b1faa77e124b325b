//go:build !noasm

#include "textflag.h"

// The number of bits in each of the 16 half bytes.
DATA nibbles<>+0(SB)/8, $0x0302020102010100
DATA nibbles<>+8(SB)/8, $0x0403030203020201
DATA nibbles<>+16(SB)/8, $0x0302020102010100
DATA nibbles<>+24(SB)/8, $0x0403030203020201
GLOBL nibbles<>(SB), RODATA|NOPTR, $32

// func nearestAVX512(best *[24]uint64, columns *uint64, n int, query *[4]uint64)
//
// Eight descriptors at a time, each in a lane: their distance and their place make a number, of which the least and the
// least but one are kept.
TEXT ·nearestAVX512(SB), NOSPLIT, $0-32
	MOVQ best+0(FP), DI
	MOVQ columns+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ query+24(FP), DX
	VPBROADCASTQ (DX), Z0
	VPBROADCASTQ 8(DX), Z1
	VPBROADCASTQ 16(DX), Z2
	VPBROADCASTQ 24(DX), Z3
	LEAQ (SI)(CX*8), R8
	LEAQ (R8)(CX*8), R9
	LEAQ (R9)(CX*8), R10
	VMOVDQU64 (DI), Z4    // the least
	VMOVDQU64 64(DI), Z5  // the least but one
	VMOVDQU64 128(DI), Z6 // places
	MOVQ $8, AX
	VPBROADCASTQ AX, Z7

eight:
	VPXORQ (SI), Z0, Z8
	VPXORQ (R8), Z1, Z9
	VPXORQ (R9), Z2, Z10
	VPXORQ (R10), Z3, Z11
	VPOPCNTQ Z8, Z8
	VPOPCNTQ Z9, Z9
	VPOPCNTQ Z10, Z10
	VPOPCNTQ Z11, Z11
	VPADDQ Z9, Z8, Z8
	VPADDQ Z11, Z10, Z10
	VPADDQ Z10, Z8, Z8
	VPSLLQ $16, Z8, Z8
	VPORQ Z6, Z8, Z8
	VPMAXUD Z8, Z4, Z9
	VPMINUD Z8, Z4, Z4
	VPMINUD Z9, Z5, Z5
	VPADDQ Z7, Z6, Z6
	ADDQ $64, SI
	ADDQ $64, R8
	ADDQ $64, R9
	ADDQ $64, R10
	SUBQ $8, CX
	JNE  eight
	VMOVDQU64 Z4, (DI)
	VMOVDQU64 Z5, 64(DI)
	VZEROUPPER
	RET

// COUNT adds to acc, byte by byte, the bits in which the words at from differ from q.
#define COUNT(from, q, acc) \
	VPXOR (from), q, Y8 \
	VPSRLW $4, Y8, Y9 \
	VPAND Y14, Y8, Y8 \
	VPAND Y14, Y9, Y9 \
	VPSHUFB Y8, Y15, Y8 \
	VPSHUFB Y9, Y15, Y9 \
	VPADDB Y8, acc, acc \
	VPADDB Y9, acc, acc

// func nearestAVX2(best *[24]uint64, columns *uint64, n int, query *[4]uint64)
//
// Four descriptors at a time, in the first four lanes of best's eights.
TEXT ·nearestAVX2(SB), NOSPLIT, $0-32
	MOVQ best+0(FP), DI
	MOVQ columns+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ query+24(FP), DX
	VPBROADCASTQ (DX), Y0
	VPBROADCASTQ 8(DX), Y1
	VPBROADCASTQ 16(DX), Y2
	VPBROADCASTQ 24(DX), Y3
	LEAQ (SI)(CX*8), R8
	LEAQ (R8)(CX*8), R9
	LEAQ (R9)(CX*8), R10
	VMOVDQU (DI), Y4
	VMOVDQU 64(DI), Y5
	VMOVDQU 128(DI), Y6
	MOVQ $4, AX
	MOVQ AX, X7
	VPBROADCASTQ X7, Y7
	MOVQ $0x0f0f0f0f0f0f0f0f, AX
	MOVQ AX, X14
	VPBROADCASTQ X14, Y14
	VMOVDQU nibbles<>(SB), Y15
	VPXOR Y13, Y13, Y13

four:
	VPXOR Y10, Y10, Y10
	COUNT(SI, Y0, Y10)
	COUNT(R8, Y1, Y10)
	COUNT(R9, Y2, Y10)
	COUNT(R10, Y3, Y10)
	VPSADBW Y13, Y10, Y10
	VPSLLQ $16, Y10, Y10
	VPOR Y6, Y10, Y10
	VPMAXUD Y10, Y4, Y11
	VPMINUD Y10, Y4, Y4
	VPMINUD Y11, Y5, Y5
	VPADDQ Y7, Y6, Y6
	ADDQ $32, SI
	ADDQ $32, R8
	ADDQ $32, R9
	ADDQ $32, R10
	SUBQ $4, CX
	JNE  four
	VMOVDQU Y4, (DI)
	VMOVDQU Y5, 64(DI)
	VZEROUPPER
	RET
