import type { MachineIdentity } from '../model/machine.ts';

/** What a text console shows while the guest starts. */
export function bootLines(identity: MachineIdentity): readonly string[] {
  const { cpus, memoryMb, mac, hostName, guestFullName } = identity;
  return [
    'Phoenix BIOS 4.0 Release 6.0',
    `CPU = ${cpus} Processors Detected    ${memoryMb}M System RAM Passed`,
    'Mouse initialized   Fixed Disk 0: VMware Virtual SCSI disk',
    '',
    'GRUB loading.',
    `Loading ${guestFullName} ...`,
    'Loading initial ramdisk ...',
    '[    0.000000] Linux version 6.1.0-28-amd64 (gcc-12) #1 SMP PREEMPT_DYNAMIC',
    '[    0.000000] Hypervisor detected: VMware',
    '[    0.004211] tsc: Detected 2399.998 MHz processor',
    `[    0.061774] smp: Brought up 1 node, ${cpus} CPU${cpus === 1 ? '' : 's'}`,
    `[    0.118020] Memory: ${Math.floor(memoryMb * 1_002)}K/${memoryMb * 1_024}K available`,
    '[    0.402116] pci 0000:00:0f.0: vgaarb: setting as boot VGA device',
    '[    0.733480] vmw_pvscsi: using 64bit dma',
    '[    0.801002] scsi 0:0:0:0: Direct-Access     VMware   Virtual disk     2.0',
    '[    0.873311] sd 0:0:0:0: [sda] Attached SCSI disk',
    `[    1.104987] vmxnet3 0000:03:00.0 eth0: ${mac}`,
    '[    1.300420] EXT4-fs (sda1): mounted filesystem with ordered data mode',
    '[    1.611930] systemd[1]: Detected virtualization vmware.',
    `[    1.612004] systemd[1]: Hostname set to <${hostName}>.`,
    '[  OK  ] Reached target local-fs.target - Local File Systems.',
    '[  OK  ] Started systemd-journald.service - Journal Service.',
    '[  OK  ] Started systemd-udevd.service - Device Event Manager.',
    '[  OK  ] Finished networking.service - Raise network interfaces.',
    '[  OK  ] Reached target network.target - Network.',
    '[  OK  ] Started ssh.service - OpenBSD Secure Shell server.',
    '[  OK  ] Started cron.service - Regular background jobs.',
    '[  OK  ] Started open-vm-tools.service - VMware virtual machines tools.',
    '[  OK  ] Reached target multi-user.target - Multi-User System.',
    '',
  ];
}
