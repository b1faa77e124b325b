//go:build !noasm

#include "textflag.h"

// func prefetch(base unsafe.Pointer, stride uint64, places []uint32)
TEXT ·prefetch(SB), NOSPLIT, $0-40
	MOVD base+0(FP), R0
	MOVD stride+8(FP), R1
	MOVD places_base+16(FP), R2
	MOVD places_len+24(FP), R3
	ADD  R3<<2, R2, R3

next:
	CMP  R2, R3
	BEQ  done
	MOVWU (R2), R4
	MADD R1, R0, R4, R4
	PRFM (R4), PLDL2KEEP
	ADD  $4, R2
	B    next

done:
	RET
