import { describe, expect, test } from 'vitest';
import type { UndoRecord } from '../../plan/undo.ts';
import type { CommandScript } from '../../testing/memory-host.ts';
import { createStepBed, type StepBed } from '../../testing/step-bed.ts';
import { createNftRulesSteps, type NftRulesOptions } from './nft-rules-steps.ts';

const OPTIONS: NftRulesOptions = {
  rules: [{ protocol: 'tcp', port: '443', from: [] }],
  sshPorts: [22],
  sshPerMinute: 30,
  allowsPing: true,
  forwards: false,
  isLive: true,
};

async function applyAll(bed: StepBed, options: NftRulesOptions): Promise<readonly UndoRecord[]> {
  const records: UndoRecord[] = [];
  for (const step of createNftRulesSteps(options)) records.push(...(await bed.apply(step)));
  return records;
}

/** What was run since, program and first words. */
const linesOf = (bed: StepBed): readonly string[] => bed.host.commands.map((argv) => argv.join(' '));

describe('firewall rules', () => {
  test('are checked, kept, guarded by a revert of the host itself, loaded, tried, and only then final', async () => {
    const bed = createStepBed();
    await applyAll(bed, OPTIONS);
    const lines = linesOf(bed).filter((line) => !line.includes('list table'));
    expect(lines).toEqual([
      'nft -c -f /etc/nftables.conf.vpscfg-candidate',
      'systemctl stop vps-configurator-firewall-revert.timer',
      'systemd-run --on-active=60 --unit=vps-configurator-firewall-revert --collect nft -f /var/lib/vps-configurator/firewall/before.nft',
      'nft -f /etc/nftables.conf',
      'true',
      'systemctl stop vps-configurator-firewall-revert.timer',
    ]);
  });

  test('leave the revert running when the host cannot be reached through them', async () => {
    const cut: CommandScript = ({ argv }) => (argv[0] === 'true' ? { exitCode: 1, stderr: 'lost' } : undefined);
    const bed = createStepBed({ scripts: [cut] });
    await expect(applyAll(bed, OPTIONS)).rejects.toMatchObject({ code: 'HOST_FIREWALL_FAILED' });
    const lines = linesOf(bed);
    expect(lines.lastIndexOf('systemctl stop vps-configurator-firewall-revert.timer')).toBeLessThan(
      lines.findIndex((line) => line.startsWith('systemd-run')),
    );
  });

  test('that were loaded before come back', async () => {
    const bed = createStepBed({ files: { '/etc/nftables.conf': 'flush ruleset\n' } });
    const empty = bed.snapshot();
    const first = await applyAll(bed, OPTIONS);
    const one = bed.snapshot();
    const second = await applyAll(bed, { ...OPTIONS, rules: [] });
    expect(bed.snapshot()).not.toEqual(one);
    await bed.undo(second);
    expect(bed.snapshot()).toEqual(one);
    await bed.undo(first);
    expect(bed.snapshot()).toEqual(empty);
  });

  test('that nft does not accept are not written', async () => {
    const bed = createStepBed({ scripts: [({ argv }) => (argv[0] === 'nft' && argv[1] === '-c' ? { exitCode: 1 } : undefined)] });
    await expect(applyAll(bed, OPTIONS)).rejects.toMatchObject({ code: 'HOST_FILE_REJECTED' });
    expect(bed.host.text('/etc/nftables.conf')).toBeNull();
  });

  test('are written for the next boot where the kernel is not this host’s own', async () => {
    const bed = createStepBed();
    await applyAll(bed, { ...OPTIONS, isLive: false });
    expect(linesOf(bed)).toEqual(['nft -c -f /etc/nftables.conf.vpscfg-candidate']);
  });

  test('touch no table but their own, and sort addresses by their family', async () => {
    const bed = createStepBed();
    const rules = [{ protocol: 'udp', port: '53', from: ['10.0.0.0/8', '2001:db8::/32'] }] as const;
    await applyAll(bed, { ...OPTIONS, sshPorts: [22, 2222], rules });
    const text = bed.host.text('/etc/nftables.conf') ?? '';
    expect(text).not.toContain('flush ruleset');
    expect([...text.matchAll(/^(?:delete )?table (.+?)(?: \{.*)?$/gm)].map(([, name]) => name)).toEqual(
      Array(3).fill('inet vps_configurator'),
    );
    expect(text).toContain('    ip saddr { 10.0.0.0/8 } udp dport 53 accept\n    ip6 saddr { 2001:db8::/32 } udp dport 53 accept\n');
    expect(text).toContain('tcp dport { 22, 2222 } ct state new accept');
  });
});
