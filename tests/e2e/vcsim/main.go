// A small door to govmomi's simulator: nobody here wrote the inventory or the protocol behind it.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	esx := flag.Bool("esx", false, "serve one ESXi host instead of a vCenter")
	machines := flag.Int("vm", 10, "machines per host or resource pool")
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	idle := flag.Duration("session-idle", 0, "end sessions that were idle for so long (0: never)")
	flag.Parse()

	model := simulator.VPX()
	if *esx {
		model = simulator.ESX()
	}
	model.Machine = *machines
	defer model.Remove()
	if err := model.Create(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if *idle > 0 {
		simulator.SessionIdleTimeout = time.Duration(*idle)
	}
	model.Service.TLS = new(tls.Config)
	model.Service.Listen = &url.URL{Host: *listen}
	server := model.Service.NewServer()
	defer server.Close()
	fmt.Println(server.URL)

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}
