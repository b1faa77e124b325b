//go:build !noasm

#include "go_asm.h"
#include "textflag.h"

// The factors of inverse8 and inverse4, with 16 places, in the even lanes that VPMULDQ reads.
DATA r2<>+0(SB)/8, $92682
DATA r2<>+8(SB)/8, $92682
DATA r2<>+16(SB)/8, $92682
DATA r2<>+24(SB)/8, $92682
GLOBL r2<>(SB), RODATA|NOPTR, $32

DATA c2<>+0(SB)/8, $121095
DATA c2<>+8(SB)/8, $121095
DATA c2<>+16(SB)/8, $121095
DATA c2<>+24(SB)/8, $121095
GLOBL c2<>(SB), RODATA|NOPTR, $32

DATA fa<>+0(SB)/8, $70936
DATA fa<>+8(SB)/8, $70936
DATA fa<>+16(SB)/8, $70936
DATA fa<>+24(SB)/8, $70936
GLOBL fa<>(SB), RODATA|NOPTR, $32

DATA fb<>+0(SB)/8, $171254
DATA fb<>+8(SB)/8, $171254
DATA fb<>+16(SB)/8, $171254
DATA fb<>+24(SB)/8, $171254
GLOBL fb<>(SB), RODATA|NOPTR, $32

DATA tan<>+0(SB)/8, $27146
DATA tan<>+8(SB)/8, $27146
GLOBL tan<>(SB), RODATA|NOPTR, $16

// All bits but those of the mean.
DATA rest<>+0(SB)/8, $0xffffffffffff0000
DATA rest<>+8(SB)/8, $0xffffffffffffffff
DATA rest<>+16(SB)/8, $0xffffffffffffffff
DATA rest<>+24(SB)/8, $0xffffffffffffffff
GLOBL rest<>(SB), RODATA|NOPTR, $32

// Turns 4 by 4 bytes on their diagonal, in each half.
DATA turn<>+0(SB)/8, $0x0d0905010c080400
DATA turn<>+8(SB)/8, $0x0f0b07030e0a0602
DATA turn<>+16(SB)/8, $0x0d0905010c080400
DATA turn<>+24(SB)/8, $0x0f0b07030e0a0602
GLOBL turn<>(SB), RODATA|NOPTR, $32

// Half of a sample, as sums have it.
DATA half<>+0(SB)/8, $0x0000100000001000
DATA half<>+8(SB)/8, $0x0000100000001000
DATA half<>+16(SB)/8, $0x0000100000001000
DATA half<>+24(SB)/8, $0x0000100000001000
GLOBL half<>(SB), RODATA|NOPTR, $32

// What a sample of 0 is above the least.
DATA middle<>+0(SB)/8, $0x8080808080808080
DATA middle<>+8(SB)/8, $0x8080808080808080
DATA middle<>+16(SB)/8, $0x8080808080808080
DATA middle<>+24(SB)/8, $0x8080808080808080
GLOBL middle<>(SB), RODATA|NOPTR, $32

// TIMES multiplies the lanes of x by the factor f, dropping 16 places, using t: first the even lanes, then the odd.
#define TIMES(f, x, t) \
	VPSRLQ $32, x, t \
	VPMULDQ f, x, x \
	VPMULDQ f, t, t \
	VPSRLQ $16, x, x \
	VPSLLQ $16, t, t \
	VPBLENDD $0xaa, t, x, x

// INVERSE8 is inverse8 of Y0 to Y7, lane by lane. It uses Y8 to Y13.
#define INVERSE8 \
	VPADDD Y4, Y0, Y8 \
	VPSUBD Y4, Y0, Y0 \
	VPADDD Y6, Y2, Y9 \
	VPSUBD Y6, Y2, Y2 \
	TIMES(r2<>(SB), Y2, Y10) \
	VPSUBD Y9, Y2, Y2 \
	VPADDD Y9, Y8, Y4 \
	VPSUBD Y9, Y8, Y8 \
	VPADDD Y2, Y0, Y6 \
	VPSUBD Y2, Y0, Y9 \
	VPADDD Y3, Y5, Y10 \
	VPSUBD Y3, Y5, Y5 \
	VPADDD Y7, Y1, Y11 \
	VPSUBD Y7, Y1, Y1 \
	VPADDD Y10, Y11, Y12 \
	VPSUBD Y10, Y11, Y10 \
	VPADDD Y1, Y5, Y11 \
	TIMES(c2<>(SB), Y11, Y13) \
	TIMES(fb<>(SB), Y5, Y13) \
	VPSUBD Y5, Y11, Y5 \
	VPSUBD Y12, Y5, Y5 \
	TIMES(r2<>(SB), Y10, Y13) \
	VPSUBD Y5, Y10, Y10 \
	TIMES(fa<>(SB), Y1, Y13) \
	VPSUBD Y1, Y11, Y1 \
	VPSUBD Y10, Y1, Y1 \
	VPADDD Y12, Y4, Y0 \
	VPSUBD Y12, Y4, Y7 \
	VPADDD Y1, Y8, Y3 \
	VPSUBD Y1, Y8, Y4 \
	VPADDD Y5, Y6, Y1 \
	VPSUBD Y5, Y6, Y6 \
	VPADDD Y10, Y9, Y2 \
	VPSUBD Y10, Y9, Y5

// ROW sets y to the weighted coefficients of row n.
#define ROW(n, y) \
	VPMOVSXWD (16*n)(SI), y \
	VPMULLD (32*n)(DX), y, y

// ROUND makes samples of sums, but for the middle.
#define ROUND(half, y) \
	VPADDD half, y, y \
	VPSRAD $13, y, y

// func inverse8AVX2(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32)
//
// Columns first: a register has a row of sums. Then the block is turned on its diagonal, for the rows, and once more
// after the samples have become bytes.
TEXT ·inverse8AVX2(SB), NOSPLIT, $0-48
	MOVQ pix_base+0(FP), DI
	MOVQ stride+24(FP), BX
	MOVQ coefs+32(FP), SI
	MOVQ weights+40(FP), DX
	LEAQ (BX)(BX*2), CX
	LEAQ (DI)(BX*4), R8

	VMOVDQU (SI), Y0
	VPAND   rest<>(SB), Y0, Y0
	VPOR    32(SI), Y0, Y0
	VPOR    64(SI), Y0, Y0
	VPOR    96(SI), Y0, Y0
	VPTEST  Y0, Y0
	JEQ     flat

	ROW(0, Y0)
	ROW(1, Y1)
	ROW(2, Y2)
	ROW(3, Y3)
	ROW(4, Y4)
	ROW(5, Y5)
	ROW(6, Y6)
	ROW(7, Y7)
	INVERSE8

	VPUNPCKLDQ  Y1, Y0, Y8
	VPUNPCKHDQ  Y1, Y0, Y9
	VPUNPCKLDQ  Y3, Y2, Y10
	VPUNPCKHDQ  Y3, Y2, Y11
	VPUNPCKLDQ  Y5, Y4, Y12
	VPUNPCKHDQ  Y5, Y4, Y13
	VPUNPCKLDQ  Y7, Y6, Y14
	VPUNPCKHDQ  Y7, Y6, Y15
	VPUNPCKLQDQ Y10, Y8, Y0
	VPUNPCKHQDQ Y10, Y8, Y1
	VPUNPCKLQDQ Y11, Y9, Y2
	VPUNPCKHQDQ Y11, Y9, Y3
	VPUNPCKLQDQ Y14, Y12, Y8
	VPUNPCKHQDQ Y14, Y12, Y9
	VPUNPCKLQDQ Y15, Y13, Y10
	VPUNPCKHQDQ Y15, Y13, Y11
	VPERM2I128  $0x31, Y8, Y0, Y4
	VPERM2I128  $0x31, Y9, Y1, Y5
	VPERM2I128  $0x31, Y10, Y2, Y6
	VPERM2I128  $0x31, Y11, Y3, Y7
	VINSERTI128 $1, X8, Y0, Y0
	VINSERTI128 $1, X9, Y1, Y1
	VINSERTI128 $1, X10, Y2, Y2
	VINSERTI128 $1, X11, Y3, Y3
	INVERSE8

	VMOVDQU half<>(SB), Y14
	VMOVDQU turn<>(SB), Y15
	ROUND(Y14, Y0)
	ROUND(Y14, Y1)
	ROUND(Y14, Y2)
	ROUND(Y14, Y3)
	ROUND(Y14, Y4)
	ROUND(Y14, Y5)
	ROUND(Y14, Y6)
	ROUND(Y14, Y7)
	VPACKSSDW Y1, Y0, Y0
	VPACKSSDW Y3, Y2, Y2
	VPACKSSDW Y5, Y4, Y4
	VPACKSSDW Y7, Y6, Y6
	VPACKSSWB Y2, Y0, Y0
	VPACKSSWB Y6, Y4, Y4
	VPSHUFB Y15, Y0, Y0
	VPSHUFB Y15, Y4, Y4
	VPUNPCKLDQ Y4, Y0, Y1
	VPUNPCKHDQ Y4, Y0, Y2
	VPXOR middle<>(SB), Y1, Y1
	VPXOR middle<>(SB), Y2, Y2
	VEXTRACTI128 $1, Y1, X3
	VEXTRACTI128 $1, Y2, X4
	VMOVQ   X1, (DI)
	VMOVHPS X1, (DI)(BX*1)
	VMOVQ   X2, (DI)(BX*2)
	VMOVHPS X2, (DI)(CX*1)
	VMOVQ   X3, (R8)
	VMOVHPS X3, (R8)(BX*1)
	VMOVQ   X4, (R8)(BX*2)
	VMOVHPS X4, (R8)(CX*1)
	VZEROUPPER
	RET

flat:
	MOVWLSX (SI), AX
	IMULL   (DX), AX
	VMOVD   AX, X0
	VPADDD  half<>(SB), X0, X0
	VPSRAD  $13, X0, X0
	VPACKSSDW X0, X0, X0
	VPACKSSWB X0, X0, X0
	VPXOR middle<>(SB), X0, X0
	VPBROADCASTB X0, X0
	VMOVQ   X0, (DI)
	VMOVQ   X0, (DI)(BX*1)
	VMOVQ   X0, (DI)(BX*2)
	VMOVQ   X0, (DI)(CX*1)
	VMOVQ   X0, (R8)
	VMOVQ   X0, (R8)(BX*1)
	VMOVQ   X0, (R8)(BX*2)
	VMOVQ   X0, (R8)(CX*1)
	VZEROUPPER
	RET

// FOLD4 folds the frequencies of the row y to those of four points, in x, its lower half, using t: the fifth has no
// weight, and the sixth to eighth become the fourth to second.
#define FOLD4(y, x, t) \
	VEXTRACTI128 $1, y, t \
	VPSHUFD $0x6c, t, t \
	VPADDD t, x, x

// INVERSE4 is inverse4 of X0 to X3, lane by lane. It uses X4 to X8.
#define INVERSE4 \
	VPADDD X2, X0, X4 \
	VPSUBD X2, X0, X5 \
	VMOVDQA X3, X6 \
	TIMES(tan<>(SB), X6, X8) \
	VPADDD X6, X1, X6 \
	TIMES(tan<>(SB), X1, X8) \
	VPSUBD X3, X1, X7 \
	VPADDD X6, X4, X0 \
	VPADDD X7, X5, X1 \
	VPSUBD X7, X5, X2 \
	VPSUBD X6, X4, X3

// func inverse4AVX2(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32)
TEXT ·inverse4AVX2(SB), NOSPLIT, $0-48
	MOVQ pix_base+0(FP), DI
	MOVQ stride+24(FP), BX
	MOVQ coefs+32(FP), SI
	MOVQ weights+40(FP), DX
	LEAQ (BX)(BX*2), CX

	ROW(0, Y0)
	ROW(1, Y1)
	ROW(2, Y2)
	ROW(3, Y3)
	ROW(5, Y5)
	ROW(6, Y6)
	ROW(7, Y7)
	VPADDD Y7, Y1, Y1
	VPADDD Y6, Y2, Y2
	VPADDD Y5, Y3, Y3
	FOLD4(Y0, X0, X4)
	FOLD4(Y1, X1, X5)
	FOLD4(Y2, X2, X6)
	FOLD4(Y3, X3, X7)
	INVERSE4

	VPUNPCKLDQ  X1, X0, X4
	VPUNPCKHDQ  X1, X0, X5
	VPUNPCKLDQ  X3, X2, X6
	VPUNPCKHDQ  X3, X2, X7
	VPUNPCKLQDQ X6, X4, X0
	VPUNPCKHQDQ X6, X4, X1
	VPUNPCKLQDQ X7, X5, X2
	VPUNPCKHQDQ X7, X5, X3
	INVERSE4

	VMOVDQU half<>(SB), X8
	ROUND(X8, X0)
	ROUND(X8, X1)
	ROUND(X8, X2)
	ROUND(X8, X3)
	VPACKSSDW X1, X0, X0
	VPACKSSDW X3, X2, X2
	VPACKSSWB X2, X0, X0
	VPSHUFB turn<>(SB), X0, X0
	VPXOR   middle<>(SB), X0, X0
	VMOVD   X0, (DI)
	VPEXTRD $1, X0, (DI)(BX*1)
	VPEXTRD $2, X0, (DI)(BX*2)
	VPEXTRD $3, X0, (DI)(CX*1)
	VZEROUPPER
	RET

// func inverse2AVX2(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32)
//
// But for the first, even frequencies have no weight, and the odd ones are added up.
TEXT ·inverse2AVX2(SB), NOSPLIT, $0-48
	MOVQ pix_base+0(FP), DI
	MOVQ stride+24(FP), BX
	MOVQ coefs+32(FP), SI
	MOVQ weights+40(FP), DX

	ROW(0, Y0)
	ROW(1, Y1)
	ROW(3, Y3)
	ROW(5, Y5)
	ROW(7, Y7)
	VPADDD Y3, Y1, Y1
	VPADDD Y7, Y5, Y5
	VPADDD Y5, Y1, Y1
	VEXTRACTI128 $1, Y0, X2
	VEXTRACTI128 $1, Y1, X3
	VPADDD X2, X0, X0
	VPADDD X3, X1, X1
	VPUNPCKLDQ X1, X0, X2
	VPUNPCKHDQ X1, X0, X3
	VPADDD  X3, X2, X0
	VPSHUFD $0x4e, X0, X1
	VPADDD  X1, X0, X2
	VPSUBD  X1, X0, X3
	VPUNPCKLDQ X3, X2, X0
	VPSHUFD $0x4e, X0, X1
	VPADDD  X1, X0, X2
	VPSUBD  X1, X0, X3
	VPUNPCKLQDQ X3, X2, X0
	VPADDD  half<>(SB), X0, X0
	VPSRAD  $13, X0, X0
	VPACKSSDW X0, X0, X0
	VPACKSSWB X0, X0, X0
	VPXOR   middle<>(SB), X0, X0
	VPEXTRW $0, X0, (DI)
	VPEXTRW $1, X0, (DI)(BX*1)
	VZEROUPPER
	RET

// SYMBOL decodes the code that acc starts with, and the coefficient behind it. It goes to bare where there is none behind
// it, or where the code isn't in the table.
#define SYMBOL(bare) \
	MOVQ R11, AX \
	SHRQ $54, AX \
	MOVL (BX)(AX*4), DX \
	CMPL DX, $const_valueCoded \
	JCS  bare \
	MOVL DX, AX \
	SHRL $16, AX \
	SHLXQ AX, R11, R13 \
	SHLXQ DX, R11, R11 \
	MOVBLZX DL, AX \
	SUBQ AX, R12 \
	MOVBLZX DH, AX \
	ADDQ AX, CX \
	SHRL $24, DX \
	MOVQ R13, AX \
	NOTQ AX \
	SARQ $63, AX \
	XORQ AX, R13 \
	SHRXQ DX, R13, R13 \
	XORQ AX, R13 \
	SUBQ AX, R13 \
	MOVBLZX (SI)(CX*1), AX \
	MOVW R13, (DI)(AX*2) \
	INCQ CX

// func decodeACAVX2(r *reader, value *[1 << lookBits]uint32, block *[64]int16, k int) int
//
// Codes that are in the table have 25 bits at the most with their coefficient, so two are decoded each time that acc is
// filled. AX is scratch, BX value, CX k, DX the entry, SI zigzag, DI block, R8 the data, R9 at, R10 the last place that a
// word can be read from, R11 acc, R12 n, R13 the coefficient.
TEXT ·decodeACAVX2(SB), NOSPLIT, $0-40
	MOVQ r+0(FP), R15
	MOVQ value+8(FP), BX
	MOVQ block+16(FP), DI
	MOVQ k+24(FP), CX
	LEAQ ·zigzag(SB), SI
	MOVQ reader_data(R15), R8
	MOVQ (reader_data+8)(R15), R10
	SUBQ $8, R10
	MOVQ reader_at(R15), R9
	MOVQ reader_acc(R15), R11
	MOVQ reader_n(R15), R12

next:
	CMPQ R9, R10
	JGT  leave
	MOVQ (R8)(R9*1), AX
	BSWAPQ AX
	SHRXQ R12, AX, AX
	ORQ  AX, R11
	MOVL $63, AX
	SUBQ R12, AX
	SHRQ $3, AX
	ADDQ AX, R9
	ORQ  $56, R12

	SYMBOL(bare)
	CMPQ CX, $64
	JGE  leave
	SYMBOL(bare)
	CMPQ CX, $64
	JLT  next
	JMP  leave

bare:
	TESTL DX, DX
	JEQ  leave
	SHLXQ DX, R11, R11
	MOVBLZX DL, AX
	SUBQ AX, R12
	SHRL $12, DX
	CMPL DX, $15
	JNE  end
	ADDQ $16, CX
	CMPQ CX, $64
	JLT  next
	JMP  leave

end:
	MOVL $64, CX

leave:
	MOVQ R9, reader_at(R15)
	MOVQ R11, reader_acc(R15)
	MOVQ R12, reader_n(R15)
	MOVQ CX, ret+32(FP)
	RET
