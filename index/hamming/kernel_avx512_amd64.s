//go:build !noasm

#include "textflag.h"

// The even words of two registers, for VPERMT2W.
DATA evens<>+0(SB)/8, $0x0006000400020000
DATA evens<>+8(SB)/8, $0x000e000c000a0008
DATA evens<>+16(SB)/8, $0x0016001400120010
DATA evens<>+24(SB)/8, $0x001e001c001a0018
DATA evens<>+32(SB)/8, $0x0026002400220020
DATA evens<>+40(SB)/8, $0x002e002c002a0028
DATA evens<>+48(SB)/8, $0x0036003400320030
DATA evens<>+56(SB)/8, $0x003e003c003a0038
GLOBL evens<>(SB), RODATA|NOPTR, $64

// AHEAD fetches the next line of those that NEAR is still to come by: R10 is the line, R13 the end of its span, R15 the
// span after it.
#define AHEAD \
	ADDQ $64, R10 \
	MOVL (R15), AX \
	MOVL 4(R15), R12 \
	LEAQ 16(R15), CX \
	LEAQ (BX)(AX*2), AX \
	LEAQ (BX)(R12*2), R12 \
	ANDQ $-64, AX \
	CMPQ R10, R13 \
	CMOVQCC AX, R10 \
	CMOVQCC R12, R13 \
	CMOVQCC CX, R15 \
	CMPQ R15, last-8(SP) \
	CMOVQHI SI, R10 \
	PREFETCHT1 (R10)

// DIFFER sets the bits in R11 of the entries at SI that pass, of those in K2.
#define DIFFER \
	VPXORD (SI), Z0, Z5 \
	VPOPCNTW Z5, Z5 \
	VPCMPW $2, Z4, Z5, K2, K1 \
	KMOVD K1, R11

// FIRST writes down the first entry of those in R11, if there is one, and clears its bit. Most often there is none or
// one, and no telling which: a branch would be mispredicted.
#define FIRST \
	TZCNTL R11, R12 \
	ADDQ R9, R12 \
	MOVQ R12, (DI) \
	CMPL R11, $1 \
	SBBQ AX, AX \
	LEAQ 8(DI)(AX*8), DI \
	BLSRL R11, R11

// func nearAVX512(out []uint64, near []uint16, spans []span, count int, query uint16) int
//
// A line of the cache at a time, which is 32 entries; those that don't belong to the span are masked out. A cursor runs
// lines ahead over the same spans, a step for each line, and fetches: entries come from far away, and spans are too
// short for the machine to see what follows.
TEXT ·nearAVX512(SB), NOSPLIT, $8-96
	MOVQ out_base+0(FP), DI
	MOVQ near_base+24(FP), BX
	MOVQ spans_base+48(FP), DX
	MOVQ count+72(FP), CX
	MOVWLZX query+80(FP), AX
	VMOVD AX, X0
	VPBROADCASTW X0, Z0
	SHLQ $4, CX
	ADDQ DX, CX
	MOVQ CX, last-8(SP)
	KXNORD K7, K7, K7
	XORL R8, R8
	XORL R10, R10
	XORL R13, R13
	MOVQ DX, R15
	MOVL $64, R14
	MOVQ count+72(FP), AX
	CMPQ AX, R14
	CMOVQCS AX, R14
	MOVQ BX, SI
	TESTQ R14, R14
	JEQ  next

prime:
	AHEAD
	DECL R14
	JNE  prime

next:
	CMPQ DX, last-8(SP)
	JEQ  done
	MOVL (DX), R9
	MOVL 4(DX), R14
	VPBROADCASTD 8(DX), Z4
	VPACKSSDW Z4, Z4, Z4
	ADDQ $16, DX
	SUBQ R9, R14
	JEQ  none
	LEAQ (BX)(R9*2), SI
	MOVL SI, AX
	ANDL $63, AX
	SHRL $1, AX
	ANDQ $-64, SI
	SUBQ AX, R9
	ADDQ AX, R14
	ADDQ R8, R9
	MOVL $-1, R11
	SHLXL AX, R11, R11
	KMOVD R11, K2
	CMPQ R14, $32
	JLE  last

line:
	DIFFER
	FIRST
	JNE  more

stepped:
	KMOVD K7, K2
	AHEAD
	ADDQ $64, SI
	ADDQ $32, R9
	SUBQ $32, R14
	CMPQ R14, $32
	JGT  line

last:
	DIFFER
	BZHIL R14, R11, R11
	FIRST
	JNE  lastMore

ended:
	AHEAD

none:
	MOVL $1, AX
	SHLQ $32, AX
	ADDQ AX, R8
	JMP  next

more:
	FIRST
	JNE  more
	JMP  stepped

lastMore:
	FIRST
	JNE  lastMore
	JMP  ended

done:
	VZEROUPPER
	SUBQ out_base+0(FP), DI
	SHRQ $3, DI
	MOVQ DI, ret+88(FP)
	RET

// func fullAVX512(out []uint64, near []uint16, far []uint32, spans []span, count int,
//	nearQuery uint16, farQuery uint32) int
//
// Sixty-four entries at a time. Bits are counted by what an entry has in each array, and the counts of two registers of
// far packed into one.
TEXT ·fullAVX512(SB), NOSPLIT, $0-120
	MOVQ out_base+0(FP), DI
	MOVQ near_base+24(FP), BX
	MOVQ far_base+48(FP), R8
	MOVQ spans_base+72(FP), DX
	MOVQ count+96(FP), CX
	MOVWLZX nearQuery+104(FP), AX
	VMOVD AX, X0
	VPBROADCASTW X0, Z0
	MOVL farQuery+108(FP), AX
	VMOVD AX, X1
	VPBROADCASTD X1, Z1
	VMOVDQU64 evens<>(SB), Z2
	SHLQ $4, CX
	ADDQ DX, CX
	XORL R10, R10

next:
	CMPQ DX, CX
	JEQ  done
	MOVL (DX), R9
	MOVL 4(DX), R14
	VPBROADCASTD 8(DX), Z3
	VPACKSSDW Z3, Z3, Z3
	ADDQ $16, DX
	SUBQ R9, R14
	LEAQ (BX)(R9*2), SI
	LEAQ (R8)(R9*4), R13
	ADDQ R10, R9
	MOVL $1, AX
	SHLQ $32, AX
	ADDQ AX, R10
	SUBQ $64, R14
	JLT  rest

loop:
	VPXORD (SI), Z0, Z4
	VPXORD 64(SI), Z0, Z5
	VPXORD (R13), Z1, Z6
	VPXORD 64(R13), Z1, Z7
	VPXORD 128(R13), Z1, Z8
	VPXORD 192(R13), Z1, Z9
	VPOPCNTW Z4, Z4
	VPOPCNTW Z5, Z5
	VPOPCNTD Z6, Z6
	VPOPCNTD Z7, Z7
	VPOPCNTD Z8, Z8
	VPOPCNTD Z9, Z9
	VPERMT2W Z7, Z2, Z6
	VPERMT2W Z9, Z2, Z8
	VPADDW Z6, Z4, Z4
	VPADDW Z8, Z5, Z5
	VPCMPW $2, Z3, Z4, K1
	VPCMPW $2, Z3, Z5, K2
	KUNPCKDQ K1, K2, K1
	KMOVQ K1, R11
	TESTQ R11, R11
	JNE  pass

	ADDQ $128, SI
	ADDQ $256, R13
	ADDQ $64, R9
	SUBQ $64, R14
	JGE  loop

rest:
	ADDQ $64, R14
	JLE  next
	// What is left is less than sixty-four: the same, masked.
	MOVQ $-1, R11
	BZHIQ R14, R11, R11
	KMOVQ R11, K1
	KSHIFTRQ $16, K1, K2
	KSHIFTRQ $32, K1, K3
	KSHIFTRQ $48, K1, K4
	VMOVDQU16.Z (SI), K1, Z4
	VMOVDQU16.Z 64(SI), K3, Z5
	VMOVDQU32.Z (R13), K1, Z6
	VMOVDQU32.Z 64(R13), K2, Z7
	VMOVDQU32.Z 128(R13), K3, Z8
	VMOVDQU32.Z 192(R13), K4, Z9
	VPXORD Z4, Z0, Z4
	VPXORD Z5, Z0, Z5
	VPXORD Z6, Z1, Z6
	VPXORD Z7, Z1, Z7
	VPXORD Z8, Z1, Z8
	VPXORD Z9, Z1, Z9
	VPOPCNTW Z4, Z4
	VPOPCNTW Z5, Z5
	VPOPCNTD Z6, Z6
	VPOPCNTD Z7, Z7
	VPOPCNTD Z8, Z8
	VPOPCNTD Z9, Z9
	VPERMT2W Z7, Z2, Z6
	VPERMT2W Z9, Z2, Z8
	VPADDW Z6, Z4, Z4
	VPADDW Z8, Z5, Z5
	VPCMPW $2, Z3, Z4, K1, K1
	VPCMPW $2, Z3, Z5, K3, K3
	KUNPCKDQ K1, K3, K1
	KMOVQ K1, R11
	XORL R14, R14
	TESTQ R11, R11
	JEQ  next

pass:
	TZCNTQ R11, R12
	ADDQ R9, R12
	MOVQ R12, (DI)
	ADDQ $8, DI
	BLSRQ R11, R11
	JNE  pass
	// Back into the loop, or to what rest finds to be left: nothing, if it came from there.
	ADDQ $128, SI
	ADDQ $256, R13
	ADDQ $64, R9
	SUBQ $64, R14
	JGE  loop
	JMP  rest

done:
	VZEROUPPER
	SUBQ out_base+0(FP), DI
	SHRQ $3, DI
	MOVQ DI, ret+112(FP)
	RET

// func wideAVX512(out []uint64, codes []uint64, spans []span, count int, query *[4]uint64) int
//
// Eight entries at a time, two in a register: counts are added up by pairs of words, then by pairs of those, which
// leaves the entries in the order 0 2 1 3 4 6 5 7.
TEXT ·wideAVX512(SB), NOSPLIT, $0-96
	MOVQ out_base+0(FP), DI
	MOVQ codes_base+24(FP), BX
	MOVQ spans_base+48(FP), DX
	MOVQ count+72(FP), CX
	MOVQ query+80(FP), AX
	VBROADCASTI64X4 (AX), Z0
	SHLQ $4, CX
	ADDQ DX, CX
	XORL R10, R10

next:
	CMPQ DX, CX
	JEQ  done
	// The first lines of a span to come, as far as it goes.
	MOVL 128(DX), AX
	MOVL 132(DX), R12
	SHLQ $5, AX
	SHLQ $5, R12
	LEAQ -1(BX)(R12*1), R12
	LEAQ (BX)(AX*1), AX
	PREFETCHT1 (AX)
	LEAQ 64(AX), R11
	LEAQ 128(AX), R13
	LEAQ 192(AX), R15
	CMPQ R11, R12
	CMOVQHI R12, R11
	CMPQ R13, R12
	CMOVQHI R12, R13
	CMPQ R15, R12
	CMOVQHI R12, R15
	PREFETCHT1 (R11)
	PREFETCHT1 (R13)
	PREFETCHT1 (R15)
	MOVL (DX), R9
	MOVL 4(DX), R14
	MOVLQSX 8(DX), AX
	VPBROADCASTQ AX, Z1
	ADDQ $16, DX
	SUBQ R9, R14
	MOVQ R9, SI
	SHLQ $5, SI
	ADDQ BX, SI
	ADDQ R10, R9
	MOVL $1, AX
	SHLQ $32, AX
	ADDQ AX, R10
	SUBQ $8, R14
	JLT  rest

loop:
	VPXORQ (SI), Z0, Z2
	VPXORQ 64(SI), Z0, Z3
	VPXORQ 128(SI), Z0, Z4
	VPXORQ 192(SI), Z0, Z5
	VPOPCNTQ Z2, Z2
	VPOPCNTQ Z3, Z3
	VPOPCNTQ Z4, Z4
	VPOPCNTQ Z5, Z5
	VPUNPCKLQDQ Z3, Z2, Z6
	VPUNPCKHQDQ Z3, Z2, Z2
	VPUNPCKLQDQ Z5, Z4, Z7
	VPUNPCKHQDQ Z5, Z4, Z4
	VPADDQ Z6, Z2, Z2
	VPADDQ Z7, Z4, Z4
	VSHUFI64X2 $0x88, Z4, Z2, Z3
	VSHUFI64X2 $0xdd, Z4, Z2, Z2
	VPADDQ Z3, Z2, Z2
	VPCMPQ $2, Z1, Z2, K1
	KMOVB K1, R11
	TESTL R11, R11
	JNE  pass

	ADDQ $256, SI
	ADDQ $8, R9
	SUBQ $8, R14
	JGE  loop

rest:
	ADDQ $8, R14
	JLE  next
	// Less than eight are left: the same, masked, with four bits of the mask for the words of each. What is masked out
	// wholly is read from the start again: even so its line would be fetched.
	MOVL $-1, R11
	LEAL (R14*4), AX
	BZHIL AX, R11, R11
	KMOVD R11, K1
	KSHIFTRD $8, K1, K2
	KSHIFTRD $16, K1, K3
	KSHIFTRD $24, K1, K4
	LEAQ 64(SI), AX
	LEAQ 128(SI), R12
	LEAQ 192(SI), R13
	CMPQ R14, $3
	CMOVQLT SI, AX
	CMPQ R14, $5
	CMOVQLT SI, R12
	CMPQ R14, $7
	CMOVQLT SI, R13
	VMOVDQU64.Z (SI), K1, Z2
	VMOVDQU64.Z (AX), K2, Z3
	VMOVDQU64.Z (R12), K3, Z4
	VMOVDQU64.Z (R13), K4, Z5
	VPXORQ Z2, Z0, Z2
	VPXORQ Z3, Z0, Z3
	VPXORQ Z4, Z0, Z4
	VPXORQ Z5, Z0, Z5
	VPOPCNTQ Z2, Z2
	VPOPCNTQ Z3, Z3
	VPOPCNTQ Z4, Z4
	VPOPCNTQ Z5, Z5
	VPUNPCKLQDQ Z3, Z2, Z6
	VPUNPCKHQDQ Z3, Z2, Z2
	VPUNPCKLQDQ Z5, Z4, Z7
	VPUNPCKHQDQ Z5, Z4, Z4
	VPADDQ Z6, Z2, Z2
	VPADDQ Z7, Z4, Z4
	VSHUFI64X2 $0x88, Z4, Z2, Z3
	VSHUFI64X2 $0xdd, Z4, Z2, Z2
	VPADDQ Z3, Z2, Z2
	VPCMPQ $2, Z1, Z2, K1
	KMOVB K1, R11
	// Put in order first, so that those that are left over come last.
	MOVL R11, AX
	MOVL R11, R12
	ANDL $0x99, R11
	ANDL $0x22, AX
	ANDL $0x44, R12
	ADDL AX, AX
	SHRL $1, R12
	ORL AX, R11
	ORL R12, R11
	BZHIL R14, R11, R11
	XORL R14, R14
	TESTL R11, R11
	JEQ  next
	JMP  write

pass:
	MOVL R11, AX
	MOVL R11, R12
	ANDL $0x99, R11
	ANDL $0x22, AX
	ANDL $0x44, R12
	ADDL AX, AX
	SHRL $1, R12
	ORL AX, R11
	ORL R12, R11

write:
	TZCNTL R11, R12
	ADDQ R9, R12
	MOVQ R12, (DI)
	ADDQ $8, DI
	BLSRL R11, R11
	JNE  write
	ADDQ $256, SI
	ADDQ $8, R9
	SUBQ $8, R14
	JGE  loop
	JMP  rest

done:
	VZEROUPPER
	SUBQ out_base+0(FP), DI
	SHRQ $3, DI
	MOVQ DI, ret+88(FP)
	RET

// DIFFER1 counts the bits by which the codes in Z16 differ from a query, into x; EIGHTH1 sets those bits of k whose
// counts are small enough; BOTH1 counts the bits by which they differ from two queries at once, which are no more than
// differ from one.
#define DIFFER1(query, x) \
	VPXORQ query, Z16, x \
	VPOPCNTQ x, x

#define EIGHTH1(query, x, k) \
	DIFFER1(query, x) \
	VPCMPQ $2, Z31, x, k

#define BOTH1(query, other, x) \
	VMOVDQA64 Z16, x \
	VPTERNLOGQ $0x18, query, other, x \
	VPOPCNTQ x, x

// func tile1AVX512(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int
//
// Eight queries at a time, each in a register, and eight codes; only the smallest of the eight counts that belong to a
// code is compared with bound. Where one passes, all is done again, with each. If bound is 7 at most, queries are
// counted by pairs at first: few enough codes differ that little from two queries that have nothing to do with each
// other. Queries that are left over are taken one by one.
TEXT ·tile1AVX512(SB), NOSPLIT, $0-104
	MOVQ out_base+0(FP), DI
	MOVQ planes_base+24(FP), BX
	MOVQ n+48(FP), CX
	MOVQ queries_base+56(FP), DX
	MOVQ count+80(FP), R8
	VPBROADCASTQ bound+88(FP), Z31
	MOVQ bound+88(FP), R15
	LEAQ (BX)(CX*8), CX
	XORL R10, R10
	MOVL $1, R13
	SHLQ $32, R13
	MOVQ $0x700000007, R9
	CMPQ BX, CX
	JEQ  done

eight:
	SUBQ $8, R8
	JLT  left
	VPBROADCASTQ (DX), Z0
	VPBROADCASTQ 8(DX), Z1
	VPBROADCASTQ 16(DX), Z2
	VPBROADCASTQ 24(DX), Z3
	VPBROADCASTQ 32(DX), Z4
	VPBROADCASTQ 40(DX), Z5
	VPBROADCASTQ 48(DX), Z6
	VPBROADCASTQ 56(DX), Z7
	MOVQ BX, SI
	CMPQ R15, $7
	JLE  pairs

codes:
	VMOVDQU64 (SI), Z16
	DIFFER1(Z0, Z17)
	DIFFER1(Z1, Z18)
	DIFFER1(Z2, Z19)
	DIFFER1(Z3, Z20)
	DIFFER1(Z4, Z21)
	DIFFER1(Z5, Z22)
	DIFFER1(Z6, Z23)
	DIFFER1(Z7, Z24)
	VPMINUB Z17, Z18, Z17
	VPMINUB Z19, Z20, Z19
	VPMINUB Z21, Z22, Z21
	VPMINUB Z23, Z24, Z23
	VPMINUB Z17, Z19, Z17
	VPMINUB Z21, Z23, Z21
	VPMINUB Z17, Z21, Z17
	VPCMPQ $2, Z31, Z17, K1
	KORTESTB K1, K1
	JNE  pass

none:
	ADDQ $64, SI
	CMPQ SI, CX
	JNE  codes

across:
	ADDQ $64, DX
	LEAQ (R10)(R13*8), R10
	JMP  eight

pairs:
	VMOVDQU64 (SI), Z16
	BOTH1(Z0, Z1, Z17)
	BOTH1(Z2, Z3, Z18)
	BOTH1(Z4, Z5, Z19)
	BOTH1(Z6, Z7, Z20)
	VPMINUB Z17, Z18, Z17
	VPMINUB Z19, Z20, Z19
	VPMINUB Z17, Z19, Z17
	VPCMPQ $2, Z31, Z17, K1
	KORTESTB K1, K1
	JNE  pass

nonePairs:
	ADDQ $64, SI
	CMPQ SI, CX
	JNE  pairs
	JMP  across

pass:
	// All eight again, into a bit for each query and code.
	EIGHTH1(Z0, Z17, K1)
	EIGHTH1(Z1, Z18, K2)
	EIGHTH1(Z2, Z19, K3)
	EIGHTH1(Z3, Z20, K4)
	EIGHTH1(Z4, Z21, K5)
	EIGHTH1(Z5, Z22, K6)
	EIGHTH1(Z6, Z23, K7)
	KUNPCKBW K1, K2, K1
	KUNPCKBW K3, K4, K3
	KUNPCKBW K5, K6, K5
	EIGHTH1(Z7, Z24, K2)
	KUNPCKBW K7, K2, K7
	KUNPCKWD K1, K3, K1
	KUNPCKWD K5, K7, K5
	KUNPCKDQ K1, K5, K1
	KMOVQ K1, R11
	TESTQ R11, R11
	JEQ  written
	// AX is the first query and code, both as they are written.
	MOVQ SI, AX
	SUBQ BX, AX
	SHRQ $3, AX
	ADDQ R10, AX

write:
	TZCNTQ R11, R12
	PDEPQ R9, R12, R12
	ADDQ AX, R12
	MOVQ R12, (DI)
	ADDQ $8, DI
	BLSRQ R11, R11
	JNE  write

written:
	CMPQ R15, $7
	JLE  nonePairs
	JMP  none

left:
	ADDQ $8, R8

one:
	SUBQ $1, R8
	JLT  done
	VPBROADCASTQ (DX), Z0
	MOVQ BX, SI

oneCodes:
	VPXORQ (SI), Z0, Z17
	VPOPCNTQ Z17, Z17
	VPCMPQ $2, Z31, Z17, K1
	KMOVB K1, R11
	TESTL R11, R11
	JNE  onePass

oneNone:
	ADDQ $64, SI
	CMPQ SI, CX
	JNE  oneCodes
	ADDQ $8, DX
	ADDQ R13, R10
	JMP  one

onePass:
	MOVQ SI, AX
	SUBQ BX, AX
	SHRQ $3, AX
	ADDQ R10, AX

oneWrite:
	TZCNTL R11, R12
	ADDQ AX, R12
	MOVQ R12, (DI)
	ADDQ $8, DI
	BLSRL R11, R11
	JNE  oneWrite
	JMP  oneNone

done:
	VZEROUPPER
	SUBQ out_base+0(FP), DI
	SHRQ $3, DI
	MOVQ DI, ret+96(FP)
	RET

// START4 counts the bits by which a word of the codes, in Z16, differs from a query's, into count; MORE4 adds those of
// another word, using x.
#define START4(word, count) \
	VPXORQ word, Z16, count \
	VPOPCNTQ count, count

#define MORE4(codes, word, count, x) \
	VPXORQ word, codes, x \
	VPOPCNTQ x, x \
	VPADDQ x, count, count

#define START4ALL \
	START4(Z0, Z20) \
	START4(Z4, Z21) \
	START4(Z8, Z22) \
	START4(Z12, Z23)

#define MORE4ALL(codes, word0, word1, word2, word3) \
	MORE4(codes, word0, Z20, Z24) \
	MORE4(codes, word1, Z21, Z25) \
	MORE4(codes, word2, Z22, Z26) \
	MORE4(codes, word3, Z23, Z27)

#define LEAST4 \
	VPMINUD Z20, Z21, Z28 \
	VPMINUD Z22, Z23, Z29 \
	VPMINUD Z28, Z29, Z28 \
	VPCMPQ $2, Z31, Z28, K1 \
	KORTESTB K1, K1

// WRITE4 writes down the codes of those whose count in x is small enough for the query that AX names.
#define WRITE4(x, loop, end) \
	VPCMPQ $2, Z31, x, K1 \
	KMOVB K1, R11 \
	TESTL R11, R11 \
	JEQ end \
loop: \
	TZCNTL R11, R12 \
	ADDQ AX, R12 \
	MOVQ R12, (DI) \
	ADDQ $8, DI \
	BLSRL R11, R11 \
	JNE loop \
end: \
	ADDQ R13, AX

// func tile4AVX512(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int
//
// Four queries at a time, a word in a register, and eight codes. Where the first words differ in more than bound bits
// already, for all those pairs, the others are not looked at. Those are two words, from 44 on three, from 72 on all
// four: the bound where so many pairs go on, even if bits are random, that mispredicted branches cost more than a word.
TEXT ·tile4AVX512(SB), NOSPLIT, $0-104
	MOVQ out_base+0(FP), DI
	MOVQ planes_base+24(FP), BX
	MOVQ n+48(FP), R9
	MOVQ queries_base+56(FP), DX
	MOVQ count+80(FP), R8
	VPBROADCASTQ bound+88(FP), Z31
	MOVQ bound+88(FP), R14
	SHLQ $3, R9
	LEAQ (BX)(R9*1), CX
	LEAQ (R9)(R9*2), R15
	XORL R10, R10
	MOVL $1, R13
	SHLQ $32, R13
	CMPQ BX, CX
	JEQ  done

four:
	SUBQ $4, R8
	JLT  left
	VPBROADCASTQ (DX), Z0
	VPBROADCASTQ 8(DX), Z1
	VPBROADCASTQ 16(DX), Z2
	VPBROADCASTQ 24(DX), Z3
	VPBROADCASTQ 32(DX), Z4
	VPBROADCASTQ 40(DX), Z5
	VPBROADCASTQ 48(DX), Z6
	VPBROADCASTQ 56(DX), Z7
	VPBROADCASTQ 64(DX), Z8
	VPBROADCASTQ 72(DX), Z9
	VPBROADCASTQ 80(DX), Z10
	VPBROADCASTQ 88(DX), Z11
	VPBROADCASTQ 96(DX), Z12
	VPBROADCASTQ 104(DX), Z13
	VPBROADCASTQ 112(DX), Z14
	VPBROADCASTQ 120(DX), Z15
	MOVQ BX, SI

	CMPQ R14, $72
	JGE  codes4
	CMPQ R14, $44
	JGE  codes3

codes2:
	VMOVDQU64 (SI), Z16
	VMOVDQU64 (SI)(R9*1), Z17
	START4ALL
	MORE4ALL(Z17, Z1, Z5, Z9, Z13)
	LEAST4
	JNE  after2

none2:
	ADDQ $64, SI
	CMPQ SI, CX
	JNE  codes2

across:
	SUBQ $-128, DX
	LEAQ (R10)(R13*4), R10
	JMP  four

codes3:
	VMOVDQU64 (SI), Z16
	VMOVDQU64 (SI)(R9*1), Z17
	VMOVDQU64 (SI)(R9*2), Z18
	START4ALL
	MORE4ALL(Z17, Z1, Z5, Z9, Z13)
	MORE4ALL(Z18, Z2, Z6, Z10, Z14)
	LEAST4
	JNE  after3

none3:
	ADDQ $64, SI
	CMPQ SI, CX
	JNE  codes3
	JMP  across

codes4:
	VMOVDQU64 (SI), Z16
	VMOVDQU64 (SI)(R9*1), Z17
	VMOVDQU64 (SI)(R9*2), Z18
	VMOVDQU64 (SI)(R15*1), Z19
	START4ALL
	MORE4ALL(Z17, Z1, Z5, Z9, Z13)
	MORE4ALL(Z18, Z2, Z6, Z10, Z14)
	MORE4ALL(Z19, Z3, Z7, Z11, Z15)
	LEAST4
	JNE  pass

none4:
	ADDQ $64, SI
	CMPQ SI, CX
	JNE  codes4
	JMP  across

none:
	CMPQ R14, $72
	JGE  none4
	CMPQ R14, $44
	JGE  none3
	JMP  none2

after2:
	VMOVDQU64 (SI)(R9*2), Z18
	MORE4ALL(Z18, Z2, Z6, Z10, Z14)

after3:
	VMOVDQU64 (SI)(R15*1), Z19
	MORE4ALL(Z19, Z3, Z7, Z11, Z15)
	LEAST4
	JEQ  none

pass:
	MOVQ SI, AX
	SUBQ BX, AX
	SHRQ $3, AX
	ADDQ R10, AX
	WRITE4(Z20, write0, end0)
	WRITE4(Z21, write1, end1)
	WRITE4(Z22, write2, end2)
	WRITE4(Z23, write3, end3)
	JMP  none

left:
	ADDQ $4, R8

one:
	SUBQ $1, R8
	JLT  done
	VPBROADCASTQ (DX), Z0
	VPBROADCASTQ 8(DX), Z1
	VPBROADCASTQ 16(DX), Z2
	VPBROADCASTQ 24(DX), Z3
	MOVQ BX, SI

oneCodes:
	VMOVDQU64 (SI), Z16
	VMOVDQU64 (SI)(R9*1), Z17
	VMOVDQU64 (SI)(R9*2), Z18
	VMOVDQU64 (SI)(R15*1), Z19
	START4(Z0, Z20)
	MORE4(Z17, Z1, Z20, Z24)
	MORE4(Z18, Z2, Z20, Z25)
	MORE4(Z19, Z3, Z20, Z26)
	MOVQ SI, AX
	SUBQ BX, AX
	SHRQ $3, AX
	ADDQ R10, AX
	WRITE4(Z20, oneWrite, oneEnd)
	ADDQ $64, SI
	CMPQ SI, CX
	JNE  oneCodes
	ADDQ $32, DX
	ADDQ R13, R10
	JMP  one

done:
	VZEROUPPER
	SUBQ out_base+0(FP), DI
	SHRQ $3, DI
	MOVQ DI, ret+96(FP)
	RET

// func sumAVX512(words []uint64) uint64
TEXT ·sumAVX512(SB), NOSPLIT, $0-32
	MOVQ words_base+0(FP), SI
	MOVQ words_len+8(FP), CX
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	SUBQ $32, CX
	JLT  rest

loop:
	PREFETCHT1 8192(SI)
	PREFETCHT1 8256(SI)
	PREFETCHT1 8320(SI)
	PREFETCHT1 8384(SI)
	VPADDQ (SI), Z0, Z0
	VPADDQ 64(SI), Z1, Z1
	VPADDQ 128(SI), Z2, Z2
	VPADDQ 192(SI), Z3, Z3
	ADDQ $256, SI
	SUBQ $32, CX
	JGE  loop

rest:
	VPADDQ Z1, Z0, Z0
	VPADDQ Z3, Z2, Z2
	VPADDQ Z2, Z0, Z0
	VEXTRACTI64X4 $1, Z0, Y1
	VPADDQ Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDQ X1, X0, X0
	VPSRLDQ $8, X0, X1
	VPADDQ X1, X0, X0
	VMOVQ X0, AX
	ADDQ $32, CX
	JEQ  done

single:
	ADDQ (SI), AX
	ADDQ $8, SI
	DECQ CX
	JNE  single

done:
	VZEROUPPER
	MOVQ AX, ret+24(FP)
	RET
