// SPDX-License-Identifier: MIT

package bench

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

func amongOthers(b *testing.B, body func(pb *testing.PB)) {
	const others = 1 << 15
	var armed sync.WaitGroup

	nprocs := runtime.GOMAXPROCS(0)
	timer := make([]*time.Timer, nprocs*others)
	for i := 0; i < nprocs; i++ {
		armed.Add(1)
		go func(part []*time.Timer) {
			defer armed.Done()
			for j := range part {
				part[j] = time.AfterFunc(time.Hour, func() {})
			}
		}(timer[i*others : (i+1)*others])
	}
	armed.Wait()
	b.ResetTimer()
	b.RunParallel(body)
	b.StopTimer()
	for _, t := range timer {
		t.Stop()
	}
}

func BenchmarkAfter(b *testing.B) {
	amongOthers(b, func(pb *testing.PB) {
		for pb.Next() {
			<-time.After(1)
		}
	})
}

func BenchmarkAfterFunc1000(b *testing.B) {
	amongOthers(b, func(pb *testing.PB) {
		for pb.Next() {
			left := 1000
			end := make(chan struct{})
			var setUpNext func()
			setUpNext = func() {
				left--
				if left >= 0 {
					time.AfterFunc(0, setUpNext)
				} else {
					end <- struct{}{}
				}
			}
			go setUpNext()
			<-end
		}
	})
}

func BenchmarkTimerReset(b *testing.B) {
	amongOthers(b, func(pb *testing.PB) {
		t := time.NewTimer(time.Hour)
		for pb.Next() {
			t.Reset(time.Hour)
		}
		t.Stop()
	})
}

func BenchmarkTimerStop(b *testing.B) {
	amongOthers(b, func(pb *testing.PB) {
		for pb.Next() {
			time.NewTimer(time.Second).Stop()
		}
	})
}
