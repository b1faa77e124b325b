//go:build !noasm

#include "textflag.h"

// The number of bits set in 0 to 15, for VPSHUFB.
DATA counts<>+0(SB)/8, $0x0302020102010100
DATA counts<>+8(SB)/8, $0x0403030203020201
GLOBL counts<>(SB), RODATA|NOPTR, $16

// CONSTANTS sets Y15 to the number of bits set in 0 to 15, the bytes of Y14 to 15, those of Y13 to 1, the words of Y12
// to 1, and Y11 to 0.
#define CONSTANTS \
	VBROADCASTI128 counts<>(SB), Y15 \
	MOVL $0x0f, AX \
	VMOVD AX, X14 \
	VPBROADCASTB X14, Y14 \
	MOVL $1, AX \
	VMOVD AX, X12 \
	VPBROADCASTB X12, Y13 \
	VPBROADCASTW X12, Y12 \
	VPXOR Y11, Y11, Y11

// BYTES counts the bits of each byte of x, using t.
#define BYTES(x, t) \
	VPSRLW $4, x, t \
	VPAND Y14, x, x \
	VPAND Y14, t, t \
	VPSHUFB x, Y15, x \
	VPSHUFB t, Y15, t \
	VPADDB t, x, x

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
	PREFETCHT1 (R10)

// DIFFER sets the bits in R11 of the entries at SI that pass.
#define DIFFER \
	VPXOR (SI), Y0, Y5 \
	VPXOR 32(SI), Y0, Y6 \
	BYTES(Y5, Y7) \
	BYTES(Y6, Y8) \
	VPMADDUBSW Y13, Y5, Y5 \
	VPMADDUBSW Y13, Y6, Y6 \
	VPCMPGTW Y5, Y4, Y5 \
	VPCMPGTW Y6, Y4, Y6 \
	VPACKSSWB Y6, Y5, Y5 \
	VPERMQ $0xd8, Y5, Y5 \
	VPMOVMSKB Y5, R11

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

// func nearAVX2(out []uint64, near []uint16, spans []span, count int, query uint16) int
//
// A line of the cache at a time, which is 32 entries; those that don't belong to the span are masked out. A cursor runs
// lines ahead over the same spans, a step for each line, and fetches: entries come from far away, and spans are too
// short for the machine to see what follows.
TEXT ·nearAVX2(SB), NOSPLIT, $16-96
	CONSTANTS
	MOVQ out_base+0(FP), DI
	MOVQ near_base+24(FP), BX
	MOVQ spans_base+48(FP), DX
	MOVQ count+72(FP), CX
	MOVWLZX query+80(FP), AX
	VMOVD AX, X0
	VPBROADCASTW X0, Y0
	SHLQ $4, CX
	ADDQ DX, CX
	MOVQ CX, last-8(SP)
	XORL R8, R8
	XORL R10, R10
	XORL R13, R13
	MOVQ DX, R15
	MOVL $64, R14

prime:
	AHEAD
	DECL R14
	JNE  prime

next:
	CMPQ DX, last-8(SP)
	JEQ  done
	MOVL (DX), R9
	MOVL 4(DX), R14
	VPBROADCASTD 8(DX), Y4
	VPACKSSDW Y4, Y4, Y4
	VPADDSW Y12, Y4, Y4
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
	MOVL R11, first-16(SP)
	CMPQ R14, $32
	JLE  last

line:
	DIFFER
	ANDL first-16(SP), R11
	FIRST
	JNE  more

stepped:
	MOVL $-1, first-16(SP)
	AHEAD
	ADDQ $64, SI
	ADDQ $32, R9
	SUBQ $32, R14
	CMPQ R14, $32
	JGT  line

last:
	DIFFER
	ANDL first-16(SP), R11
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

// FAR counts the bits by which the sixteen entries of far at offset differ, into the words of x, using y and t.
#define FAR(offset, x, y, t) \
	VPXOR offset(R13), Y1, x \
	VPXOR offset+32(R13), Y1, y \
	BYTES(x, t) \
	BYTES(y, t) \
	VPMADDUBSW Y13, x, x \
	VPMADDUBSW Y13, y, y \
	VPMADDWD Y12, x, x \
	VPMADDWD Y12, y, y \
	VPACKSSDW y, x, x \
	VPERMQ $0xd8, x, x

// func fullAVX2(out []uint64, near []uint16, far []uint32, spans []span, count int,
//	nearQuery uint16, farQuery uint32) int
//
// Thirty-two entries at a time. What is left of a span is taken as its last thirty-two entries, less those done before;
// short spans are taken entry by entry.
TEXT ·fullAVX2(SB), NOSPLIT, $0-120
	CONSTANTS
	MOVQ out_base+0(FP), DI
	MOVQ near_base+24(FP), BX
	MOVQ far_base+48(FP), R8
	MOVQ spans_base+72(FP), DX
	MOVQ count+96(FP), CX
	MOVWLZX nearQuery+104(FP), AX
	VMOVD AX, X0
	VPBROADCASTW X0, Y0
	MOVL farQuery+108(FP), AX
	VMOVD AX, X1
	VPBROADCASTD X1, Y1
	SHLQ $4, CX
	ADDQ DX, CX
	XORL R10, R10

next:
	CMPQ DX, CX
	JEQ  done
	MOVL (DX), R9
	MOVL 4(DX), R14
	VPBROADCASTD 8(DX), Y2
	VPACKSSDW Y2, Y2, Y2
	VPADDSW Y12, Y2, Y2
	ADDQ $16, DX
	SUBQ R9, R14
	LEAQ (BX)(R9*2), SI
	LEAQ (R8)(R9*4), R13
	ADDQ R10, R9
	MOVL $1, AX
	SHLQ $32, AX
	ADDQ AX, R10
	MOVL $-1, R15
	SUBQ $32, R14
	JLT  short

loop:
	VPXOR (SI), Y0, Y3
	VPXOR 32(SI), Y0, Y4
	BYTES(Y3, Y5)
	BYTES(Y4, Y5)
	VPMADDUBSW Y13, Y3, Y3
	VPMADDUBSW Y13, Y4, Y4
	FAR(0, Y6, Y7, Y5)
	FAR(64, Y8, Y9, Y5)
	VPADDW Y6, Y3, Y3
	VPADDW Y8, Y4, Y4
	VPCMPGTW Y3, Y2, Y3
	VPCMPGTW Y4, Y2, Y4
	VPACKSSWB Y4, Y3, Y3
	VPERMQ $0xd8, Y3, Y3
	VPMOVMSKB Y3, R11
	ANDL R15, R11
	JNE  pass

none:
	ADDQ $64, SI
	ADDQ $128, R13
	ADDQ $32, R9
	SUBQ $32, R14
	JGE  loop
	CMPQ R14, $-32
	JEQ  next
	// Back by as many as are missing, which is -R14.
	LEAQ (SI)(R14*2), SI
	LEAQ (R13)(R14*4), R13
	ADDQ R14, R9
	NEGQ R14
	MOVL $-1, R15
	SHLXL R14, R15, R15
	XORL R14, R14
	JMP  loop

pass:
	TZCNTL R11, R12
	ADDQ R9, R12
	MOVQ R12, (DI)
	ADDQ $8, DI
	BLSRL R11, R11
	JNE  pass
	JMP  none

short:
	ADDQ $32, R14
	JEQ  next
	MOVLQSX -8(DX), R15

single:
	MOVWLZX (SI), AX
	XORW nearQuery+104(FP), AX
	POPCNTL AX, AX
	MOVL (R13), R11
	XORL farQuery+108(FP), R11
	POPCNTL R11, R11
	ADDL R11, AX
	MOVQ R9, (DI)
	XORL R11, R11
	CMPQ AX, R15
	SETLE R11
	LEAQ (DI)(R11*8), DI
	ADDQ $2, SI
	ADDQ $4, R13
	INCQ R9
	DECQ R14
	JNE  single
	JMP  next

done:
	VZEROUPPER
	SUBQ out_base+0(FP), DI
	SHRQ $3, DI
	MOVQ DI, ret+112(FP)
	RET

// func wideAVX2(out []uint64, codes []uint64, spans []span, count int, query *[4]uint64) int
//
// Four entries at a time. What is left of a span is taken as its last four, less those done before; shorter spans are
// taken entry by entry.
TEXT ·wideAVX2(SB), NOSPLIT, $0-96
	CONSTANTS
	MOVQ out_base+0(FP), DI
	MOVQ codes_base+24(FP), BX
	MOVQ spans_base+48(FP), DX
	MOVQ count+72(FP), CX
	MOVQ query+80(FP), R8
	VMOVDQU (R8), Y0
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
	MOVLQSX 8(DX), R13
	LEAQ 1(R13), AX
	VMOVQ AX, X1
	VPBROADCASTQ X1, Y1
	ADDQ $16, DX
	SUBQ R9, R14
	MOVQ R9, SI
	SHLQ $5, SI
	ADDQ BX, SI
	ADDQ R10, R9
	MOVL $1, AX
	SHLQ $32, AX
	ADDQ AX, R10
	MOVL $-1, R15
	SUBQ $4, R14
	JLT  short

loop:
	VPXOR (SI), Y0, Y2
	VPXOR 32(SI), Y0, Y3
	VPXOR 64(SI), Y0, Y4
	VPXOR 96(SI), Y0, Y5
	BYTES(Y2, Y6)
	BYTES(Y3, Y7)
	BYTES(Y4, Y8)
	BYTES(Y5, Y9)
	VPSADBW Y11, Y2, Y2
	VPSADBW Y11, Y3, Y3
	VPSADBW Y11, Y4, Y4
	VPSADBW Y11, Y5, Y5
	VPUNPCKLQDQ Y3, Y2, Y6
	VPUNPCKHQDQ Y3, Y2, Y7
	VPUNPCKLQDQ Y5, Y4, Y8
	VPUNPCKHQDQ Y5, Y4, Y9
	VPADDQ Y7, Y6, Y6
	VPADDQ Y9, Y8, Y8
	VPERM2I128 $0x20, Y8, Y6, Y2
	VPERM2I128 $0x31, Y8, Y6, Y3
	VPADDQ Y3, Y2, Y2
	VPCMPGTQ Y2, Y1, Y2
	VMOVMSKPD Y2, R11
	ANDL R15, R11
	JNE  pass

none:
	SUBQ $-128, SI
	ADDQ $4, R9
	SUBQ $4, R14
	JGE  loop
	CMPQ R14, $-4
	JEQ  next
	// Back by as many as are missing, which is -R14.
	MOVQ R14, AX
	SHLQ $5, AX
	ADDQ AX, SI
	ADDQ R14, R9
	NEGQ R14
	MOVL $-1, R15
	SHLXL R14, R15, R15
	XORL R14, R14
	JMP  loop

pass:
	TZCNTL R11, R12
	ADDQ R9, R12
	MOVQ R12, (DI)
	ADDQ $8, DI
	BLSRL R11, R11
	JNE  pass
	JMP  none

short:
	ADDQ $4, R14
	JEQ  next

single:
	MOVQ (SI), AX
	MOVQ 8(SI), R11
	MOVQ 16(SI), R12
	MOVQ 24(SI), R15
	XORQ (R8), AX
	XORQ 8(R8), R11
	XORQ 16(R8), R12
	XORQ 24(R8), R15
	POPCNTQ AX, AX
	POPCNTQ R11, R11
	POPCNTQ R12, R12
	POPCNTQ R15, R15
	ADDQ R11, AX
	ADDQ R15, R12
	ADDQ R12, AX
	MOVQ R9, (DI)
	XORL R11, R11
	CMPQ AX, R13
	SETLE R11
	LEAQ (DI)(R11*8), DI
	ADDQ $32, SI
	INCQ R9
	DECQ R14
	JNE  single
	JMP  next

done:
	VZEROUPPER
	SUBQ out_base+0(FP), DI
	SHRQ $3, DI
	MOVQ DI, ret+88(FP)
	RET

// WRITE writes down the codes of those whose count in x is small enough for the query that AX names.
#define WRITE(x, loop, end) \
	VPCMPGTQ x, Y10, x \
	VMOVMSKPD x, R11 \
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

// func tile1AVX2(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int
//
// Four queries at a time, each in a register, and four codes; only the smallest of the four counts that belong to a
// code is compared with bound at first. Queries that are left over are taken one by one.
TEXT ·tile1AVX2(SB), NOSPLIT, $0-104
	CONSTANTS
	MOVQ out_base+0(FP), DI
	MOVQ planes_base+24(FP), BX
	MOVQ n+48(FP), CX
	MOVQ queries_base+56(FP), DX
	MOVQ count+80(FP), R8
	MOVQ bound+88(FP), AX
	INCQ AX
	VMOVQ AX, X10
	VPBROADCASTQ X10, Y10
	LEAQ (BX)(CX*8), CX
	XORL R10, R10
	MOVL $1, R13
	SHLQ $32, R13
	CMPQ BX, CX
	JEQ  done

four:
	SUBQ $4, R8
	JLT  left
	VPBROADCASTQ (DX), Y0
	VPBROADCASTQ 8(DX), Y1
	VPBROADCASTQ 16(DX), Y2
	VPBROADCASTQ 24(DX), Y3
	MOVQ BX, SI

codes:
	VMOVDQU (SI), Y8
	VPXOR Y8, Y0, Y4
	VPXOR Y8, Y1, Y5
	VPXOR Y8, Y2, Y6
	VPXOR Y8, Y3, Y7
	BYTES(Y4, Y8)
	BYTES(Y5, Y9)
	BYTES(Y6, Y8)
	BYTES(Y7, Y9)
	VPSADBW Y11, Y4, Y4
	VPSADBW Y11, Y5, Y5
	VPSADBW Y11, Y6, Y6
	VPSADBW Y11, Y7, Y7
	VPMINUB Y4, Y5, Y8
	VPMINUB Y6, Y7, Y9
	VPMINUB Y8, Y9, Y8
	VPCMPGTQ Y8, Y10, Y8
	VPTEST Y8, Y8
	JNE  pass

none:
	ADDQ $32, SI
	CMPQ SI, CX
	JNE  codes
	ADDQ $32, DX
	LEAQ (R10)(R13*4), R10
	JMP  four

pass:
	// AX is the first code and the query, both as they are written.
	MOVQ SI, AX
	SUBQ BX, AX
	SHRQ $3, AX
	ADDQ R10, AX
	WRITE(Y4, write0, end0)
	WRITE(Y5, write1, end1)
	WRITE(Y6, write2, end2)
	WRITE(Y7, write3, end3)
	JMP  none

left:
	ADDQ $4, R8

one:
	SUBQ $1, R8
	JLT  done
	VPBROADCASTQ (DX), Y0
	MOVQ BX, SI

oneCodes:
	VPXOR (SI), Y0, Y4
	BYTES(Y4, Y8)
	VPSADBW Y11, Y4, Y4
	MOVQ SI, AX
	SUBQ BX, AX
	SHRQ $3, AX
	ADDQ R10, AX
	WRITE(Y4, oneWrite, oneEnd)
	ADDQ $32, SI
	CMPQ SI, CX
	JNE  oneCodes
	ADDQ $8, DX
	ADDQ R13, R10
	JMP  one

done:
	VZEROUPPER
	SUBQ out_base+0(FP), DI
	SHRQ $3, DI
	MOVQ DI, ret+96(FP)
	RET

// HALF4 counts, by bytes, the bits by which two words of four codes differ from two of a query, into x, using y and t.
#define HALF4(codes, more, first, second, x, y, t) \
	VPXOR codes, first, x \
	VPXOR more, second, y \
	BYTES(x, t) \
	BYTES(y, t) \
	VPADDB y, x, x

// func tile4AVX2(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int
//
// Two queries at a time, a word in a register, and four codes. Where the first two words differ in more than bound bits
// already, for all those pairs, the others are not looked at.
TEXT ·tile4AVX2(SB), NOSPLIT, $0-104
	CONSTANTS
	MOVQ out_base+0(FP), DI
	MOVQ planes_base+24(FP), BX
	MOVQ n+48(FP), R9
	MOVQ queries_base+56(FP), DX
	MOVQ count+80(FP), R8
	MOVQ bound+88(FP), AX
	INCQ AX
	VMOVQ AX, X10
	VPBROADCASTQ X10, Y10
	SHLQ $3, R9
	LEAQ (BX)(R9*1), CX
	LEAQ (R9)(R9*2), R15
	XORL R10, R10
	MOVL $1, R13
	SHLQ $32, R13
	CMPQ BX, CX
	JEQ  done

two:
	SUBQ $2, R8
	JLT  left
	VPBROADCASTQ (DX), Y0
	VPBROADCASTQ 8(DX), Y1
	VPBROADCASTQ 32(DX), Y2
	VPBROADCASTQ 40(DX), Y3
	MOVQ BX, SI

codes:
	HALF4((SI), (SI)(R9*1), Y0, Y1, Y4, Y5, Y8)
	HALF4((SI), (SI)(R9*1), Y2, Y3, Y6, Y7, Y9)
	VPSADBW Y11, Y4, Y5
	VPSADBW Y11, Y6, Y7
	VPMINUB Y5, Y7, Y8
	VPCMPGTQ Y8, Y10, Y8
	VPTEST Y8, Y8
	JNE  whole

none:
	ADDQ $32, SI
	CMPQ SI, CX
	JNE  codes
	ADDQ $64, DX
	LEAQ (R10)(R13*2), R10
	JMP  two

whole:
	VPBROADCASTQ 16(DX), Y12
	VPBROADCASTQ 24(DX), Y13
	HALF4((SI)(R9*2), (SI)(R15*1), Y12, Y13, Y5, Y7, Y8)
	VPADDB Y5, Y4, Y4
	VPBROADCASTQ 48(DX), Y12
	VPBROADCASTQ 56(DX), Y13
	HALF4((SI)(R9*2), (SI)(R15*1), Y12, Y13, Y5, Y7, Y8)
	VPADDB Y5, Y6, Y6
	VPSADBW Y11, Y4, Y4
	VPSADBW Y11, Y6, Y6
	VPMINUB Y4, Y6, Y8
	VPCMPGTQ Y8, Y10, Y8
	VPTEST Y8, Y8
	JEQ  none
	MOVQ SI, AX
	SUBQ BX, AX
	SHRQ $3, AX
	ADDQ R10, AX
	WRITE(Y4, write0, end0)
	WRITE(Y6, write1, end1)
	JMP  none

left:
	ADDQ $2, R8
	JEQ  done
	VPBROADCASTQ (DX), Y0
	VPBROADCASTQ 8(DX), Y1
	VPBROADCASTQ 16(DX), Y2
	VPBROADCASTQ 24(DX), Y3
	MOVQ BX, SI

oneCodes:
	HALF4((SI), (SI)(R9*1), Y0, Y1, Y4, Y5, Y8)
	HALF4((SI)(R9*2), (SI)(R15*1), Y2, Y3, Y6, Y7, Y9)
	VPADDB Y6, Y4, Y4
	VPSADBW Y11, Y4, Y4
	MOVQ SI, AX
	SUBQ BX, AX
	SHRQ $3, AX
	ADDQ R10, AX
	WRITE(Y4, oneWrite, oneEnd)
	ADDQ $32, SI
	CMPQ SI, CX
	JNE  oneCodes

done:
	VZEROUPPER
	SUBQ out_base+0(FP), DI
	SHRQ $3, DI
	MOVQ DI, ret+96(FP)
	RET

// func sumAVX2(words []uint64) uint64
TEXT ·sumAVX2(SB), NOSPLIT, $0-32
	MOVQ words_base+0(FP), SI
	MOVQ words_len+8(FP), CX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	SUBQ $16, CX
	JLT  rest

loop:
	PREFETCHT1 8192(SI)
	PREFETCHT1 8256(SI)
	VPADDQ (SI), Y0, Y0
	VPADDQ 32(SI), Y1, Y1
	VPADDQ 64(SI), Y2, Y2
	VPADDQ 96(SI), Y3, Y3
	SUBQ $-128, SI
	SUBQ $16, CX
	JGE  loop

rest:
	VPADDQ Y1, Y0, Y0
	VPADDQ Y3, Y2, Y2
	VPADDQ Y2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDQ X1, X0, X0
	VPSRLDQ $8, X0, X1
	VPADDQ X1, X0, X0
	VMOVQ X0, AX
	ADDQ $16, CX
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
