// SPDX-License-Identifier: MIT

package bench

import (
	"runtime"
	"sync"
	"testing"
)

func BenchmarkPool(b *testing.B) {
	var pool sync.Pool

	b.RunParallel(func(pb *testing.PB) {
		var object any = new([2]*byte)
		for pb.Next() {
			pool.Put(object)
			object = pool.Get()
			if object == nil {
				object = new([2]*byte)
			}
		}
	})
}

func BenchmarkPoolOverflow(b *testing.B) {
	var pool sync.Pool

	b.RunParallel(func(pb *testing.PB) {
		objects := new([100]byte)
		for pb.Next() {
			for i := range objects {
				pool.Put(&objects[i])
			}
			for range objects {
				runtime.KeepAlive(pool.Get())
			}
		}
	})
}

const workBytes = 1024

//go:noinline
func workIn(buffer *[workBytes]byte) {
	for i := 0; i < 64; i++ {
		buffer[i] = byte(i)
	}
	runtime.KeepAlive(buffer)
}

func BenchmarkBufferPooled(b *testing.B) {
	pool := sync.Pool{New: func() any { return new([workBytes]byte) }}

	for i := 0; i < b.N; i++ {
		buffer := pool.Get().(*[workBytes]byte)
		workIn(buffer)
		pool.Put(buffer)
	}
}

func BenchmarkBufferNew(b *testing.B) {
	for i := 0; i < b.N; i++ {
		buffer := new([workBytes]byte)
		if never {
			sink = buffer
		}
		workIn(buffer)
	}
}
