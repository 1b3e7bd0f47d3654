// SPDX-License-Identifier: MIT

package bench

import (
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

const wakeDelay = 5 * time.Microsecond

func spin(d time.Duration) {
	end := time.Now().Add(d)
	for time.Now().Before(end) {
	}
}

// sleepInSystem makes the same system call as its twin in C.
func sleepInSystem(d time.Duration) {
	ts := syscall.NsecToTimespec(d.Nanoseconds())
	syscall.Syscall6(syscall.SYS_PPOLL, 0, 0, uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
}

func withDelays(b *testing.B, work func(d time.Duration)) {
	for _, us := range []int{0, 1, 5, 10, 50} {
		delay := time.Duration(us) * time.Microsecond
		b.Run(strconv.Itoa(us)+"us", func(b *testing.B) {
			var tasks sync.WaitGroup
			ping, pong := make(chan struct{}), make(chan struct{})

			tasks.Add(2)
			go func() {
				defer tasks.Done()
				for i := 0; i < b.N; i++ {
					work(delay + wakeDelay)
					ping <- struct{}{}
					work(delay)
					<-pong
				}
			}()
			go func() {
				defer tasks.Done()
				for i := 0; i < b.N; i++ {
					work(delay)
					<-ping
					work(delay + wakeDelay)
					pong <- struct{}{}
				}
			}()
			tasks.Wait()
		})
	}
}

func BenchmarkWakeupSpinning(b *testing.B) { withDelays(b, spin) }
func BenchmarkWakeupSyscall(b *testing.B)  { withDelays(b, sleepInSystem) }
