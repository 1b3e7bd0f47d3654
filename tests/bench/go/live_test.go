// SPDX-License-Identifier: MIT

//go:build go1.24

package bench

import (
	"runtime"
	"sync/atomic"
	"testing"
	"weak"
)

const atOnce = 10000 // objects that go together

type living struct {
	words [8]uintptr
	next  *living
}

var (
	livingSink *living
	weakSink   weak.Pointer[living]
	callsMade  atomic.Int64
)

func BenchmarkWeakGet(b *testing.B) {
	object := new(living)
	w := weak.Make(object)

	for i := 0; i < b.N; i++ {
		livingSink = w.Value()
	}
	runtime.KeepAlive(object)
}

func BenchmarkWeakNew(b *testing.B) {
	for i := 0; i < b.N; i++ {
		weakSink = weak.Make(new(living))
	}
}

func countCall(int) { callsMade.Add(1) }

func BenchmarkCleanupAddStop(b *testing.B) {
	object := new(living)

	for i := 0; i < b.N; i++ {
		runtime.AddCleanup(object, countCall, 0).Stop()
	}
	runtime.KeepAlive(object)
}

func awaitCalls(n int64) {
	for callsMade.Load() < n-n/100-10 {
		runtime.GC()
		runtime.Gosched()
	}
}

func BenchmarkCleanupRun(b *testing.B) {
	callsMade.Store(0)
	for i := 0; i < b.N; i++ {
		runtime.AddCleanup(new(living), countCall, 0)
		if (i+1)%atOnce == 0 {
			runtime.GC()
		}
	}
	awaitCalls(int64(b.N))
}

func BenchmarkFinalizerRun(b *testing.B) {
	callsMade.Store(0)
	for i := 0; i < b.N; i++ {
		runtime.SetFinalizer(new(living), func(*living) { callsMade.Add(1) })
		if (i+1)%atOnce == 0 {
			runtime.GC()
		}
	}
	awaitCalls(int64(b.N))
}
