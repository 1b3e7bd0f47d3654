// SPDX-License-Identifier: MIT

package bench

import (
	"sync"
	"testing"
)

func BenchmarkRWMutexUncontended(b *testing.B) {
	type padded struct {
		before [64]byte
		lock   sync.RWMutex
		behind [64]byte
	}
	b.RunParallel(func(pb *testing.PB) {
		var own padded
		for pb.Next() {
			own.lock.RLock()
			own.lock.RLock()
			own.lock.RUnlock()
			own.lock.RUnlock()
			own.lock.Lock()
			own.lock.Unlock()
		}
	})
}

func readAndWrite(b *testing.B, writesEach int) {
	var lock sync.RWMutex

	b.RunParallel(func(pb *testing.PB) {
		i := 0
		for pb.Next() {
			i++
			if i%writesEach == 0 {
				lock.Lock()
				lock.Unlock()
			} else {
				lock.RLock()
				lock.RUnlock()
			}
		}
	})
}

func BenchmarkRWMutexWrite100(b *testing.B) { readAndWrite(b, 100) }
func BenchmarkRWMutexWrite10(b *testing.B)  { readAndWrite(b, 10) }

// BenchmarkOnce100 calls by the hundred: one call takes less than to count an iteration.
func BenchmarkOnce100(b *testing.B) {
	var once sync.Once

	nothing := func() {}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			for range 100 {
				once.Do(nothing)
			}
		}
	})
}

func meet(b *testing.B, waiters int) {
	var lock sync.Mutex
	var tasks sync.WaitGroup

	turn := sync.NewCond(&lock)
	left, here := b.N, 0
	goRound := func() {
		defer tasks.Done()
		for {
			lock.Lock()
			if left == -1 {
				lock.Unlock()
				return
			}
			here++
			if here == waiters+1 {
				if left == 0 {
					left = -1
					turn.Broadcast()
					lock.Unlock()
					return
				}
				left--
				here = 0
				turn.Broadcast()
			} else {
				turn.Wait()
			}
			lock.Unlock()
		}
	}
	for i := 0; i < waiters+1; i++ {
		tasks.Add(1)
		go goRound()
	}
	tasks.Wait()
}

func BenchmarkCond1(b *testing.B)  { meet(b, 1) }
func BenchmarkCond8(b *testing.B)  { meet(b, 8) }
func BenchmarkCond32(b *testing.B) { meet(b, 32) }

// Go's weighted semaphore is not in its distribution: what it does when nobody waits.
type weighted struct {
	lock    sync.Mutex
	size    int64
	taken   int64
	waiters int
}

//go:noinline
func (s *weighted) acquire(n int64) {
	s.lock.Lock()
	if s.size-s.taken >= n && s.waiters == 0 {
		s.taken += n
	}
	s.lock.Unlock()
}

//go:noinline
func (s *weighted) release(n int64) {
	s.lock.Lock()
	s.taken -= n
	if s.taken < 0 {
		panic("released more than held")
	}
	s.lock.Unlock()
}

func BenchmarkSemUncontended(b *testing.B) {
	sem := weighted{size: 10}

	for i := 0; i < b.N; i++ {
		sem.acquire(3)
		sem.release(3)
	}
}
