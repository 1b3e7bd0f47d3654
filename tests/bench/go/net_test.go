// SPDX-License-Identifier: MIT

package bench

import (
	"io"
	"net"
	"sync"
	"testing"
)

const messageBytes = 64

func echo(conn net.Conn) {
	buf := make([]byte, messageBytes)

	for {
		n, err := conn.Read(buf)
		if err != nil {
			break
		}
		if _, err = conn.Write(buf[:n]); err != nil {
			break
		}
	}
	conn.Close()
}

func ask(b *testing.B, conn net.Conn, n int) {
	buf := make([]byte, messageBytes)

	for i := 0; i < n; i++ {
		_, err := conn.Write(buf)
		if err == nil {
			_, err = io.ReadFull(conn, buf)
		}
		if err != nil {
			b.Error(err)
			break
		}
	}
	conn.Close()
}

func echoOver(b *testing.B, count int) {
	var clients sync.WaitGroup
	conns := make([]net.Conn, count)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go echo(conn)
		}
	}()
	for i := range conns {
		if conns[i], err = net.Dial("tcp", listener.Addr().String()); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for _, conn := range conns {
		clients.Add(1)
		go func(conn net.Conn) {
			defer clients.Done()
			ask(b, conn, (b.N+count-1)/count)
		}(conn)
	}
	clients.Wait()
	b.StopTimer()
	listener.Close()
}

func BenchmarkTcpEcho1(b *testing.B) {
	echoOver(b, 1)
}

func BenchmarkTcpEcho100(b *testing.B) {
	echoOver(b, 100)
}
