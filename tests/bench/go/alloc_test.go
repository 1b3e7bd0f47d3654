// SPDX-License-Identifier: MIT

package bench

import (
	"runtime"
	"testing"
)

var sink any // what may be stored here is made on the heap
var never bool

func alloc[T any](b *testing.B) {
	for i := 0; i < b.N; i++ {
		p := new(T)
		if never {
			sink = p
		}
		runtime.KeepAlive(p)
	}
}

func allocParallel[T any](b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p := new(T)
			if never {
				sink = p
			}
			runtime.KeepAlive(p)
		}
	})
}

func BenchmarkAllocPlain(b *testing.B) {
	b.Run("8", alloc[[8]byte])
	b.Run("16", alloc[[16]byte])
	b.Run("32", alloc[[32]byte])
	b.Run("128", alloc[[128]byte])
	b.Run("1024", alloc[[1024]byte])
}

func BenchmarkAllocPointers(b *testing.B) {
	b.Run("8", alloc[*byte])
	b.Run("16", alloc[[2]*byte])
	b.Run("32", alloc[[4]*byte])
	b.Run("128", alloc[[16]*byte])
	b.Run("1024", alloc[[128]*byte])
}

// In Go every object has a type: the same as BenchmarkAllocPointers.
func BenchmarkAllocTyped(b *testing.B) { BenchmarkAllocPointers(b) }

// Without a counterpart: Go frees nothing by hand. The cost of leaving it to the collector.
func BenchmarkAllocFree(b *testing.B) { BenchmarkAllocPointers(b) }

func allocLater[T any](b *testing.B) {
	const nlive = 100
	live := make([]*T, nlive)
	for i := 0; i < b.N; i++ {
		live[i%nlive] = new(T)
	}
}

func BenchmarkAllocFreeLater(b *testing.B) {
	b.Run("8", allocLater[*byte])
	b.Run("16", allocLater[[2]*byte])
	b.Run("32", allocLater[[4]*byte])
	b.Run("128", allocLater[[16]*byte])
	b.Run("1024", allocLater[[128]*byte])
}

func BenchmarkAllocPlainParallel(b *testing.B) {
	b.Run("8", allocParallel[[8]byte])
	b.Run("16", allocParallel[[16]byte])
	b.Run("32", allocParallel[[32]byte])
	b.Run("128", allocParallel[[128]byte])
	b.Run("1024", allocParallel[[1024]byte])
}

func BenchmarkAllocPointersParallel(b *testing.B) {
	b.Run("8", allocParallel[*byte])
	b.Run("16", allocParallel[[2]*byte])
	b.Run("32", allocParallel[[4]*byte])
	b.Run("128", allocParallel[[16]*byte])
	b.Run("1024", allocParallel[[128]*byte])
}
