"""Lists machines with pyVmomi and reports what that cost this process."""
import argparse
import json
import resource
import ssl
import time

from pyVim.connect import SmartConnect
from pyVmomi import vim, vmodl

parser = argparse.ArgumentParser()
parser.add_argument("host")
parser.add_argument("port", type=int)
parser.add_argument("--user", default="root")
parser.add_argument("--password", default="simulated")
parser.add_argument("--rounds", type=int, default=1)
parser.add_argument("--warmups", type=int, default=1)
parser.add_argument("--properties", default="name")
parser.add_argument("--naive", action="store_true")
options = parser.parse_args()

context = ssl._create_unverified_context()
service = SmartConnect(host=options.host, port=options.port, user=options.user, pwd=options.password, sslContext=context)
content = service.RetrieveContent()
view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)


def list_by_collector():
    collector = vmodl.query.PropertyCollector
    traversal = collector.TraversalSpec(name="view", path="view", skip=False, type=vim.view.ContainerView)
    spec = collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=view, skip=True, selectSet=[traversal])],
        propSet=[collector.PropertySpec(type=vim.VirtualMachine, pathSet=options.properties.split(","))],
    )
    page = content.propertyCollector.RetrievePropertiesEx([spec], collector.RetrieveOptions())
    machines = [{each.name: each.val for each in found.propSet} for found in page.objects]
    while page.token:
        page = content.propertyCollector.ContinueRetrievePropertiesEx(page.token)
        machines += [{each.name: each.val for each in found.propSet} for found in page.objects]
    return machines


def list_by_attributes():
    return [
        {
            "name": machine.name,
            "powerState": machine.runtime.powerState,
            "connection": machine.runtime.connectionState,
            "host": machine.runtime.host,
            "bootTime": machine.runtime.bootTime,
            "template": machine.config.template,
            "guestOs": machine.config.guestFullName,
            "cpus": machine.config.hardware.numCPU,
            "memory": machine.config.hardware.memoryMB,
            "ip": machine.guest.ipAddress,
            "hostName": machine.guest.hostName,
            "tools": machine.guest.toolsRunningStatus,
            "storage": machine.summary.storage,
        }
        for machine in view.view
    ]


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


listing = list_by_attributes if options.naive else list_by_collector
for _ in range(options.warmups):
    listing()
began, used, count = time.monotonic(), cpu(), 0
for _ in range(options.rounds):
    count = len(listing())
print(
    json.dumps(
        {
            "machines": count,
            "cpuMs": (cpu() - used) * 1000 / options.rounds,
            "wallMs": (time.monotonic() - began) * 1000 / options.rounds,
        }
    )
)
