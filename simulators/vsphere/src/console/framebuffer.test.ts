import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodePng } from './encode-png.ts';
import { glyphOf } from './font.ts';
import { Framebuffer } from './framebuffer.ts';
import { GLYPH_STROKES } from './glyph-strokes.ts';

const whole = (picture: Framebuffer) => ({ x: 0, y: 0, width: picture.width, height: picture.height });

describe('framebuffer', () => {
  it('names the tiles that changed after a revision, joined where they touch', () => {
    const picture = new Framebuffer(64, 48);
    const before = picture.revision;
    picture.fill({ x: 20, y: 4, width: 30, height: 20 }, 0xffffff);
    expect(picture.changedSince(before, whole(picture))).toEqual([{ x: 16, y: 0, width: 48, height: 32 }]);
    expect(picture.changedSince(picture.revision, whole(picture))).toEqual([]);
  });

  it('does not call a tile changed that was painted the same again', () => {
    const picture = new Framebuffer(64, 48);
    picture.drawText('same', { x: 0, y: 0, color: 0xffffff, background: 0 });
    const before = picture.revision;
    picture.drawText('same', { x: 0, y: 0, color: 0xffffff, background: 0 });
    expect(picture.changedSince(before, whole(picture))).toEqual([]);
  });

  it('cuts changes to the area that a viewer wants, and drawing to the picture', () => {
    const picture = new Framebuffer(40, 40);
    picture.fill({ x: -10, y: -10, width: 100, height: 100 }, 0x123456);
    expect(picture.changedSince(1, { x: 5, y: 5, width: 6, height: 6 })).toEqual([{ x: 5, y: 5, width: 6, height: 6 }]);
    expect(new Set(picture.pixels)).toEqual(new Set([0x123456]));
  });
});

describe('font', () => {
  it('has a glyph of its own for every printable ASCII character', () => {
    const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));
    expect(printable.filter((character) => !Object.hasOwn(GLYPH_STROKES, character))).toEqual([]);
    const shapes = new Set(printable.map((character) => Buffer.from(glyphOf(character)).toString('hex')));
    expect(shapes.size).toBe(94);
    expect(glyphOf(' ').every((row) => row === 0)).toBe(true);
  });
});

describe('PNG', () => {
  it('holds every pixel at its own size', () => {
    const picture = new Framebuffer(3, 2);
    picture.setPixel(2, 1, { color: 0x0a0b0c });
    const png = encodePng(picture);
    const data = png.subarray(png.indexOf('IDAT') + 4, png.indexOf('IEND') - 8);
    expect([...inflateSync(data)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 11, 12]);
  });

  it('averages when it is scaled down, and keeps its shape when one side is given', () => {
    const picture = new Framebuffer(4, 2);
    picture.fill({ x: 0, y: 0, width: 1, height: 2 }, 0xc80000);
    const png = encodePng(picture, { width: 2 });
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2, 1]);
    const data = png.subarray(png.indexOf('IDAT') + 4, png.indexOf('IEND') - 8);
    expect([...inflateSync(data)]).toEqual([0, 100, 0, 0, 0, 0, 0]);
  });
});
