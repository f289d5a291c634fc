// Code for processors with AVX-512: eight blocks of the Philox stand in the 64-bit lanes of
// a register, two registers are computed side by side. VPMULUDQ multiplies the lower
// halves of lanes, so what is left in upper halves does no harm until the end. The
// logarithm is negativeLog, operation for operation.

#include "textflag.h"

DATA pairNumbers<>+0(SB)/8, $0x3ff0000000000000 // 1
DATA pairNumbers<>+8(SB)/8, $0x4000000000000000 // 2
DATA pairNumbers<>+16(SB)/8, $0x3fe0000000000000 // half
DATA pairNumbers<>+24(SB)/8, $0x3cb0000000000000 // 2^-52
DATA pairNumbers<>+32(SB)/8, $0x3fe5555555555593 // lg1
DATA pairNumbers<>+40(SB)/8, $0x3fd999999997fa04 // lg2
DATA pairNumbers<>+48(SB)/8, $0x3fd2492494229359 // lg3
DATA pairNumbers<>+56(SB)/8, $0x3fcc71c51d8e78af // lg4
DATA pairNumbers<>+64(SB)/8, $0x3fc7466496cb03de // lg5
DATA pairNumbers<>+72(SB)/8, $0x3fc39a09d078c69f // lg6
DATA pairNumbers<>+80(SB)/8, $0x3fc2f112df3e5244 // lg7
DATA pairNumbers<>+88(SB)/8, $0x3fe62e42fee00000 // ln2Hi
DATA pairNumbers<>+96(SB)/8, $0x3dea39ef35793c76 // ln2Lo
DATA pairNumbers<>+104(SB)/8, $0x00095f619980c433 // toOne
DATA pairNumbers<>+112(SB)/8, $0x000fffffffffffff // mantissa
DATA pairNumbers<>+120(SB)/8, $0x3fe6a09e667f3bcd // rootHalf
DATA pairNumbers<>+128(SB)/8, $0x00000000000003ff // 1023
DATA pairNumbers<>+136(SB)/8, $0x00000000ffffffff // low
GLOBL pairNumbers<>(SB), RODATA|NOPTR, $144

DATA pairCount<>+0(SB)/8, $0
DATA pairCount<>+8(SB)/8, $1
DATA pairCount<>+16(SB)/8, $2
DATA pairCount<>+24(SB)/8, $3
DATA pairCount<>+32(SB)/8, $4
DATA pairCount<>+40(SB)/8, $5
DATA pairCount<>+48(SB)/8, $6
DATA pairCount<>+56(SB)/8, $7
GLOBL pairCount<>(SB), RODATA|NOPTR, $64

// func has512() bool
TEXT ·has512(SB), NOSPLIT, $0-1
	MOVB $0, ret+0(FP)
	XORL AX, AX
	CPUID
	CMPL AX, $7
	JLT  no
	MOVL $1, AX
	XORL CX, CX
	CPUID
	BTL  $27, CX             // XGETBV may be used
	JCC  no
	XORL CX, CX
	XGETBV
	ANDL $0xE6, AX
	CMPL AX, $0xE6           // the system saves registers of 512 bits
	JNE  no
	MOVL $7, AX
	XORL CX, CX
	CPUID
	BTL  $16, BX             // F
	JCC  no
	BTL  $17, BX             // DQ
	JCC  no
	MOVB $1, ret+0(FP)
no:
	RET

// func pairs512(exponential, uniform *[16]float64, n uint64, c2, c3, k0, k1 uint32)
TEXT ·pairs512(SB), NOSPLIT, $0-40
	MOVQ exponential+0(FP), DI
	MOVQ uniform+8(FP), SI
	MOVQ n+16(FP), AX
	MOVL c2+24(FP), R8
	MOVL c3+28(FP), R9
	MOVL k0+32(FP), R10
	MOVL k1+36(FP), R11

	VPBROADCASTQ AX, Z0
	VPADDQ pairCount<>(SB), Z0, Z0
	ADDQ $8, AX
	VPBROADCASTQ AX, Z4
	VPADDQ pairCount<>(SB), Z4, Z4
	VPSRLQ $32, Z0, Z1
	VPSRLQ $32, Z4, Z5
	VPBROADCASTQ R8, Z2
	VPBROADCASTQ R9, Z3
	VMOVDQA64 Z2, Z6
	VMOVDQA64 Z3, Z7
	VPBROADCASTQ R10, Z8
	VPBROADCASTQ R11, Z9
	MOVL $0xD2511F53, R12
	VPBROADCASTQ R12, Z10
	MOVL $0xCD9E8D57, R12
	VPBROADCASTQ R12, Z11
	MOVL $0x9E3779B9, R12
	VPBROADCASTQ R12, Z12
	MOVL $0xBB67AE85, R12
	VPBROADCASTQ R12, Z13
	MOVL $10, CX

round:
	VPMULUDQ Z10, Z0, Z14
	VPMULUDQ Z11, Z2, Z15
	VPMULUDQ Z10, Z4, Z16
	VPMULUDQ Z11, Z6, Z17
	VPSRLQ $32, Z15, Z0
	VPSRLQ $32, Z14, Z2
	VPSRLQ $32, Z17, Z4
	VPSRLQ $32, Z16, Z6
	VPTERNLOGQ $0x96, Z1, Z8, Z0
	VPTERNLOGQ $0x96, Z3, Z9, Z2
	VPTERNLOGQ $0x96, Z5, Z8, Z4
	VPTERNLOGQ $0x96, Z7, Z9, Z6
	VMOVDQA64 Z15, Z1
	VMOVDQA64 Z14, Z3
	VMOVDQA64 Z17, Z5
	VMOVDQA64 Z16, Z7
	VPADDQ Z12, Z8, Z8
	VPADDQ Z13, Z9, Z9
	DECL CX
	JNZ round

	// words: the even ones in Z0 and Z4, the odd ones in Z2 and Z6
	VPBROADCASTQ pairNumbers<>+136(SB), Z31
	VPANDQ Z31, Z0, Z0
	VPSLLQ $32, Z1, Z1
	VPORQ Z1, Z0, Z0
	VPANDQ Z31, Z2, Z2
	VPSLLQ $32, Z3, Z3
	VPORQ Z3, Z2, Z2
	VPANDQ Z31, Z4, Z4
	VPSLLQ $32, Z5, Z5
	VPORQ Z5, Z4, Z4
	VPANDQ Z31, Z6, Z6
	VPSLLQ $32, Z7, Z7
	VPORQ Z7, Z6, Z6

	// centres of 2^52 cells: (w>>12 + 1/2) / 2^52
	VPSRLQ $12, Z0, Z0
	VCVTQQ2PD Z0, Z0
	VADDPD.BCST pairNumbers<>+16(SB), Z0, Z0
	VMULPD.BCST pairNumbers<>+24(SB), Z0, Z0
	VPSRLQ $12, Z2, Z2
	VCVTQQ2PD Z2, Z2
	VADDPD.BCST pairNumbers<>+16(SB), Z2, Z2
	VMULPD.BCST pairNumbers<>+24(SB), Z2, Z2
	VPSRLQ $12, Z4, Z4
	VCVTQQ2PD Z4, Z4
	VADDPD.BCST pairNumbers<>+16(SB), Z4, Z4
	VMULPD.BCST pairNumbers<>+24(SB), Z4, Z4
	VPSRLQ $12, Z6, Z6
	VCVTQQ2PD Z6, Z6
	VADDPD.BCST pairNumbers<>+16(SB), Z6, Z6
	VMULPD.BCST pairNumbers<>+24(SB), Z6, Z6
	VMOVUPD Z2, 0(SI)
	VMOVUPD Z6, 64(SI)

	// b, k, f
	VPADDQ.BCST pairNumbers<>+104(SB), Z0, Z0
	VPADDQ.BCST pairNumbers<>+104(SB), Z4, Z4
	VPSRLQ $52, Z0, Z1
	VPSRLQ $52, Z4, Z5
	VPSUBQ.BCST pairNumbers<>+128(SB), Z1, Z1
	VPSUBQ.BCST pairNumbers<>+128(SB), Z5, Z5
	VCVTQQ2PD Z1, Z1
	VCVTQQ2PD Z5, Z5
	VPANDQ.BCST pairNumbers<>+112(SB), Z0, Z0
	VPANDQ.BCST pairNumbers<>+112(SB), Z4, Z4
	VPADDQ.BCST pairNumbers<>+120(SB), Z0, Z0
	VPADDQ.BCST pairNumbers<>+120(SB), Z4, Z4
	VSUBPD.BCST pairNumbers<>+0(SB), Z0, Z0
	VSUBPD.BCST pairNumbers<>+0(SB), Z4, Z4
	// s, z, w
	VADDPD.BCST pairNumbers<>+8(SB), Z0, Z2
	VADDPD.BCST pairNumbers<>+8(SB), Z4, Z6
	VDIVPD Z2, Z0, Z2
	VDIVPD Z6, Z4, Z6
	VMULPD Z2, Z2, Z3
	VMULPD Z6, Z6, Z7
	VMULPD Z3, Z3, Z8
	VMULPD Z7, Z7, Z13
	// even
	VMULPD.BCST pairNumbers<>+72(SB), Z8, Z9
	VMULPD.BCST pairNumbers<>+72(SB), Z13, Z14
	VADDPD.BCST pairNumbers<>+56(SB), Z9, Z9
	VADDPD.BCST pairNumbers<>+56(SB), Z14, Z14
	VMULPD Z8, Z9, Z9
	VMULPD Z13, Z14, Z14
	VADDPD.BCST pairNumbers<>+40(SB), Z9, Z9
	VADDPD.BCST pairNumbers<>+40(SB), Z14, Z14
	VMULPD Z8, Z9, Z9
	VMULPD Z13, Z14, Z14
	// odd
	VMULPD.BCST pairNumbers<>+80(SB), Z8, Z10
	VMULPD.BCST pairNumbers<>+80(SB), Z13, Z15
	VADDPD.BCST pairNumbers<>+64(SB), Z10, Z10
	VADDPD.BCST pairNumbers<>+64(SB), Z15, Z15
	VMULPD Z8, Z10, Z10
	VMULPD Z13, Z15, Z15
	VADDPD.BCST pairNumbers<>+48(SB), Z10, Z10
	VADDPD.BCST pairNumbers<>+48(SB), Z15, Z15
	VMULPD Z8, Z10, Z10
	VMULPD Z13, Z15, Z15
	VADDPD.BCST pairNumbers<>+32(SB), Z10, Z10
	VADDPD.BCST pairNumbers<>+32(SB), Z15, Z15
	VMULPD Z3, Z10, Z10
	VMULPD Z7, Z15, Z15
	// half
	VMULPD.BCST pairNumbers<>+16(SB), Z0, Z11
	VMULPD.BCST pairNumbers<>+16(SB), Z4, Z16
	VMULPD Z0, Z11, Z11
	VMULPD Z4, Z16, Z16
	// (half - (s*(half+(odd+even)) + k*ln2Lo)) - (f + k*ln2Hi)
	VADDPD Z9, Z10, Z10
	VADDPD Z14, Z15, Z15
	VADDPD Z11, Z10, Z10
	VADDPD Z16, Z15, Z15
	VMULPD Z2, Z10, Z10
	VMULPD Z6, Z15, Z15
	VMULPD.BCST pairNumbers<>+96(SB), Z1, Z12
	VMULPD.BCST pairNumbers<>+96(SB), Z5, Z17
	VADDPD Z12, Z10, Z10
	VADDPD Z17, Z15, Z15
	VSUBPD Z10, Z11, Z11
	VSUBPD Z15, Z16, Z16
	VMULPD.BCST pairNumbers<>+88(SB), Z1, Z1
	VMULPD.BCST pairNumbers<>+88(SB), Z5, Z5
	VADDPD Z1, Z0, Z0
	VADDPD Z5, Z4, Z4
	VSUBPD Z0, Z11, Z11
	VSUBPD Z4, Z16, Z16
	VMOVUPD Z11, 0(DI)
	VMOVUPD Z16, 64(DI)
	VZEROUPPER
	RET
