//go:build !noasm

#include "textflag.h"

// func prefetch(base unsafe.Pointer, stride uint64, places []uint32)
TEXT ·prefetch(SB), NOSPLIT, $0-40
	MOVQ base+0(FP), DI
	MOVQ stride+8(FP), BX
	MOVQ places_base+16(FP), SI
	MOVQ places_len+24(FP), CX
	LEAQ (SI)(CX*4), CX

next:
	CMPQ SI, CX
	JEQ  done
	MOVL (SI), AX
	IMULQ BX, AX
	PREFETCHT1 (DI)(AX*1)
	ADDQ $4, SI
	JMP  next

done:
	RET
