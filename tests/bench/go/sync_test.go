// SPDX-License-Identifier: MIT

package bench

import (
	"sync"
	"testing"
)

func BenchmarkMutexUncontended(b *testing.B) {
	type padded struct {
		before [64]byte
		lock   sync.Mutex
		behind [64]byte
	}
	b.RunParallel(func(pb *testing.PB) {
		var own padded
		for pb.Next() {
			own.lock.Lock()
			own.lock.Unlock()
		}
	})
}

func BenchmarkMutexContended(b *testing.B) {
	var lock sync.Mutex

	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			lock.Lock()
			lock.Unlock()
		}
	})
}

func BenchmarkWaitGroup(b *testing.B) {
	type padded struct {
		before [64]byte
		group  sync.WaitGroup
		behind [64]byte
	}
	b.RunParallel(func(pb *testing.PB) {
		var own padded
		for pb.Next() {
			own.group.Add(1)
			own.group.Done()
			own.group.Wait()
		}
	})
}
