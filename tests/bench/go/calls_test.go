// SPDX-License-Identifier: MIT

package bench

import (
	"runtime"
	"testing"
)

const nops = 1024

type op interface {
	apply(x int64) int64
}

type adder struct{ by int64 }
type xorer struct{ by int64 }

func (a *adder) add(x int64) int64 { return x + a.by }

//go:noinline
func (a *adder) apply(x int64) int64 { return a.add(x) }

//go:noinline
func (o *xorer) apply(x int64) int64 { return x ^ o.by }

func newOps() []op {
	ops := make([]op, nops)
	for i := range ops {
		if i%16 != 5 {
			ops[i] = &adder{int64(i)}
		} else {
			ops[i] = &xorer{int64(i)}
		}
	}
	return ops
}

func BenchmarkCallDirect(b *testing.B) {
	ops := make([]adder, nops)
	for i := range ops {
		ops[i].by = int64(i)
	}
	x := int64(0)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		x = ops[i%nops].apply(x)
	}
	runtime.KeepAlive(x)
}

func BenchmarkCallTable(b *testing.B) {
	ops := newOps()
	x := int64(0)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		x = ops[i%nops].apply(x)
	}
	runtime.KeepAlive(x)
}

func BenchmarkCallGuarded(b *testing.B) {
	ops := newOps()
	x := int64(0)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		o := ops[i%nops]
		if a, ok := o.(*adder); ok {
			x = a.add(x)
		} else {
			x = o.apply(x)
		}
	}
	runtime.KeepAlive(x)
}
