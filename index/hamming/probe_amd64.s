//go:build !noasm

#include "textflag.h"

// The number of bits set in 0 to 15, for VPSHUFB.
DATA nibbles<>+0(SB)/8, $0x0302020102010100
DATA nibbles<>+8(SB)/8, $0x0403030203020201
GLOBL nibbles<>(SB), RODATA|NOPTR, $16

// func probeAVX2(passed, starts *uint32, next, flips *uint16, count int, chunk, query, ring uint64) int
//
// Sixteen entries at a time: bits are counted by nibbles, bytes added up to words, and words compared with ring less
// the bits of the flip. What is read past a group's end is masked out. Eight flips ahead, the group is prefetched.
TEXT ·probeAVX2(SB), NOSPLIT, $0-72
	MOVQ passed+0(FP), DI
	MOVQ starts+8(FP), SI
	MOVQ next+16(FP), BX
	MOVQ flips+24(FP), DX
	MOVQ count+32(FP), CX
	MOVQ chunk+40(FP), R8
	MOVQ query+48(FP), AX
	MOVQ ring+56(FP), R9
	XORQ R10, R10
	LEAQ (DX)(CX*2), CX
	VMOVQ AX, X0
	VPBROADCASTW X0, Y0
	VBROADCASTI128 nibbles<>(SB), Y1
	MOVL $0x0f, AX
	VMOVD AX, X2
	VPBROADCASTB X2, Y2
	MOVL $1, AX
	VMOVD AX, X3
	VPBROADCASTB X3, Y3

group:
	CMPQ DX, CX
	JEQ  done
	MOVWLZX (DX), R11
	POPCNTL R11, R12
	XORL R8, R11
	MOVL (SI)(R11*4), R13
	MOVL 4(SI)(R11*4), R14
	MOVWLZX 16(DX), R15
	XORL R8, R15
	MOVL (SI)(R15*4), R15
	PREFETCHT0 (BX)(R15*2)
	ADDQ $2, DX
	SUBQ R13, R14
	JEQ  group
	MOVQ R9, AX
	SUBQ R12, AX
	INCQ AX
	VMOVQ AX, X4
	VPBROADCASTW X4, Y4

entries:
	VPXOR (BX)(R13*2), Y0, Y5
	VPSRLW $4, Y5, Y6
	VPAND Y2, Y5, Y5
	VPAND Y2, Y6, Y6
	VPSHUFB Y5, Y1, Y5
	VPSHUFB Y6, Y1, Y6
	VPADDB Y5, Y6, Y5
	VPMADDUBSW Y3, Y5, Y5
	VPCMPGTW Y5, Y4, Y5
	VPMOVMSKB Y5, R11
	ANDL $0x55555555, R11
	CMPQ R14, $16
	JGE  whole
	LEAL (R14)(R14*1), R12
	BZHIL R12, R11, R11

whole:
	TESTL R11, R11
	JEQ  none

pass:
	TZCNTL R11, R12
	SHRL $1, R12
	ADDL R13, R12
	MOVL R12, (DI)(R10*4)
	INCQ R10
	BLSRL R11, R11
	JNE  pass

none:
	ADDQ $16, R13
	SUBQ $16, R14
	JGT  entries
	JMP  group

done:
	VZEROUPPER
	MOVQ R10, ret+64(FP)
	RET
