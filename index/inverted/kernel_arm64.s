//go:build !noasm

#include "textflag.h"

// A bit for each of eight lanes: what passes is put together by adding those up.
DATA weights<>+0(SB)/8, $0x8040201008040201
DATA weights<>+8(SB)/8, $0x8040201008040201
GLOBL weights<>(SB), RODATA|NOPTR, $16

// func near(out, signatures []uint32, query, bound uint32) int
//
// Sixteen signatures at a time: the counts of their bytes are added in pairs until each has one byte. Lanes are compared
// with the bound by taking the smaller of the two.
TEXT ·near(SB), NOSPLIT, $0-64
	MOVD out_base+0(FP), R0
	MOVD signatures_base+24(FP), R1
	MOVD signatures_len+32(FP), R2
	MOVWU query+48(FP), R3
	MOVWU bound+52(FP), R4
	VDUP R3, V0.S4
	MOVD $255, R5
	CMP  R5, R4
	CSEL HI, R5, R4, R4
	VDUP R4, V1.B16
	MOVD $weights<>(SB), R5
	VLD1 (R5), [V2.B16]
	MOVD R0, R8
	MOVD $0, R9

line:
	VLD1.P 64(R1), [V4.B16, V5.B16, V6.B16, V7.B16]
	VEOR V0.B16, V4.B16, V4.B16
	VEOR V0.B16, V5.B16, V5.B16
	VEOR V0.B16, V6.B16, V6.B16
	VEOR V0.B16, V7.B16, V7.B16
	VCNT V4.B16, V4.B16
	VCNT V5.B16, V5.B16
	VCNT V6.B16, V6.B16
	VCNT V7.B16, V7.B16
	VADDP V5.B16, V4.B16, V4.B16
	VADDP V7.B16, V6.B16, V5.B16
	VADDP V5.B16, V4.B16, V4.B16
	VUMIN V1.B16, V4.B16, V5.B16
	VCMEQ V5.B16, V4.B16, V4.B16
	VAND V2.B16, V4.B16, V4.B16
	VADDP V4.B16, V4.B16, V4.B16
	VADDP V4.B16, V4.B16, V4.B16
	VADDP V4.B16, V4.B16, V4.B16
	VMOV V4.H[0], R11
	CBZ  R11, none

write:
	RBIT R11, R12
	CLZ  R12, R12
	ADD  R9, R12, R12
	MOVW R12, (R0)
	ADD  $4, R0
	SUB  $1, R11, R12
	ANDS R12, R11, R11
	BNE  write

none:
	ADD  $16, R9
	SUBS $16, R2, R2
	BNE  line
	SUB  R8, R0, R0
	LSR  $2, R0, R0
	MOVD R0, ret+56(FP)
	RET

// func distances(out *[fan]uint64, centres *node, query *[4]uint64)
TEXT ·distances(SB), NOSPLIT, $0-24
	MOVD out+0(FP), R0
	MOVD centres+8(FP), R1
	MOVD query+16(FP), R2
	LDP  (R2), (R3, R4)
	LDP  16(R2), (R5, R6)
	VDUP R3, V0.D2
	VDUP R4, V1.D2
	VDUP R5, V2.D2
	VDUP R6, V3.D2
	ADD  $2048, R1, R2
	ADD  $4096, R1, R3
	ADD  $2048, R3, R4
	MOVD $128, R5

two:
	VLD1.P 16(R1), [V4.B16]
	VLD1.P 16(R2), [V5.B16]
	VLD1.P 16(R3), [V6.B16]
	VLD1.P 16(R4), [V7.B16]
	VEOR V0.B16, V4.B16, V4.B16
	VEOR V1.B16, V5.B16, V5.B16
	VEOR V2.B16, V6.B16, V6.B16
	VEOR V3.B16, V7.B16, V7.B16
	VCNT V4.B16, V4.B16
	VCNT V5.B16, V5.B16
	VCNT V6.B16, V6.B16
	VCNT V7.B16, V7.B16
	VADD V5.B16, V4.B16, V4.B16
	VADD V7.B16, V6.B16, V6.B16
	VADD V6.B16, V4.B16, V4.B16
	VEXT $8, V4.B16, V4.B16, V5.B16
	VUADDLV V4.B8, V6
	VUADDLV V5.B8, V7
	VMOV V6.H[0], R6
	VMOV V7.H[0], R7
	STP.P (R6, R7), 16(R0)
	SUBS $1, R5, R5
	BNE  two
	RET
