// SPDX-License-Identifier: MIT

package bench

import (
	"testing"
	"time"
)

func BenchmarkSleep1us(b *testing.B) {
	for i := 0; i < b.N; i++ {
		time.Sleep(time.Microsecond)
	}
}

func BenchmarkDeadlineArm(b *testing.B) {
	there, back := make(chan struct{}), make(chan struct{})

	go func() {
		for range there {
			back <- struct{}{}
		}
	}()
	for i := 0; i < b.N; i++ {
		there <- struct{}{}
		timer := time.NewTimer(time.Hour)
		select {
		case <-back:
		case <-timer.C:
			b.Fatal("the hour is over")
		}
		timer.Stop()
	}
	close(there)
}
