import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createCalmVoice } from './calm-voice.ts';

function listen() {
  const clock = new ManualClock();
  const said: string[] = [];
  return { clock, said, voice: createCalmVoice({ clock, everyMs: 5_000, say: (text) => said.push(text) }) };
}

describe('a calm voice', () => {
  it('says the first at once and then only the newest, every five seconds', async () => {
    const { clock, said, voice } = listen();
    for (const text of ['1', '2', '3']) voice.tell(text);
    expect(said).toEqual(['1']);
    await clock.advance(4_999);
    expect(said).toEqual(['1']);
    await clock.advance(1);
    expect(said).toEqual(['1', '3']);
    voice.tell('4');
    await clock.advance(5_000);
    expect(said).toEqual(['1', '3', '4']);
  });

  it('says nothing twice, and is silent when nothing is new', async () => {
    const { clock, said, voice } = listen();
    voice.tell('1');
    voice.tell('1');
    await clock.advance(20_000);
    voice.tell('1');
    expect(said).toEqual(['1']);
    voice.tell('2');
    expect(said).toEqual(['1', '2']);
  });

  it('keeps silent after its end', async () => {
    const { clock, said, voice } = listen();
    voice.tell('1');
    voice.tell('2');
    voice.stop();
    await clock.advance(10_000);
    expect(said).toEqual(['1']);
  });
});
