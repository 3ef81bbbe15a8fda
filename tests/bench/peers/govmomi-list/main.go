// Lists machines with govmomi's client and reports what that cost this process.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
)

func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func main() {
	rounds := flag.Int("rounds", 3, "counted listings, after one that is not counted")
	properties := flag.String("properties", "name", "comma-separated property paths")
	version := flag.String("version", "", "API version to speak; empty for the library's own")
	flag.Parse()
	address, err := url.Parse(flag.Arg(0))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	door := soap.NewClient(address, true)
	door.Version = *version
	client, err := vim25.NewClient(ctx, door)
	if err == nil {
		err = session.NewManager(client).Login(ctx, address.User)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	container, err := view.NewManager(client).CreateContainerView(ctx, client.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
	if err != nil {
		panic(err)
	}
	list := func() int {
		var machines []mo.VirtualMachine
		if err := container.Retrieve(ctx, []string{"VirtualMachine"}, strings.Split(*properties, ","), &machines); err != nil {
			panic(err)
		}
		return len(machines)
	}
	count := list()
	began, used := time.Now(), cpu()
	for round := 0; round < *rounds; round++ {
		list()
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"machines": float64(count),
		"cpuMs":    float64(cpu()-used) / 1e6 / float64(*rounds),
		"wallMs":   float64(time.Since(began)) / 1e6 / float64(*rounds),
	})
}
