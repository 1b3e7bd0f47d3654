// SPDX-License-Identifier: MIT

package bench

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

var stats runtime.MemStats

func BenchmarkReadMemStats(b *testing.B) {
	for i := 0; i < b.N; i++ {
		runtime.ReadMemStats(&stats)
	}
}

var churned []byte

func BenchmarkReadMemStatsBusy(b *testing.B) {
	var stopped atomic.Bool
	var churning sync.WaitGroup

	churning.Add(1)
	go func() {
		for !stopped.Load() {
			for bytes := 16; bytes <= 4096; bytes *= 2 {
				churned = make([]byte, bytes)
			}
		}
		churning.Done()
	}()
	runtime.Gosched()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		runtime.ReadMemStats(&stats)
	}
	b.StopTimer()
	stopped.Store(true)
	churning.Wait()
}
