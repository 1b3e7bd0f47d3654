// SPDX-License-Identifier: MIT

package bench

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func statusBytes(status, name string) int64 {
	_, behind, _ := strings.Cut(status, name)
	if fields := strings.Fields(behind); len(fields) > 0 {
		kb, _ := strconv.ParseInt(fields[0], 10, 64)
		return kb * 1024
	}
	return 0
}

func processBytes() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	return statusBytes(string(status), "\nVmRSS:") + statusBytes(string(status), "\nVmPTE:")
}

var bytesBefore int64

func BenchmarkParkedTask(b *testing.B) {
	gate := make(chan struct{})
	var here, gone sync.WaitGroup

	if bytesBefore == 0 {
		bytesBefore = processBytes()
	}
	here.Add(b.N)
	gone.Add(b.N)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		go func() {
			here.Done()
			<-gate
			gone.Done()
		}()
	}
	here.Wait()
	b.StopTimer()
	b.ReportMetric(float64(processBytes()-bytesBefore)/float64(b.N), "B/task")
	close(gate)
	gone.Wait()
}
