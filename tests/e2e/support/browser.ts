import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';
const SWITCHES = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Longest wait of a click or a look-up; what needs longer says so. */
const PATIENCE_MS = 15_000;

/** Debian's Chromium, without anything of its own on the network. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, args: SWITCHES, headless: true });
}

export interface WatchedPage {
  readonly page: Page;
  /** Exceptions and refusals of the content security policy so far. */
  readonly problems: () => readonly string[];
}

/** A page with storage and cookies of its own, in English unless said otherwise. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (/content security policy|react|maximum update/i.test(message.text())) problems.push(message.text());
  });
  return { page, problems: () => problems };
}

interface PixelSource {
  readonly width: number;
  readonly height: number;
  getContext(kind: '2d'): { getImageData(x: number, y: number, width: number, height: number): { readonly data: ArrayLike<number> } };
}

export interface CanvasLook {
  readonly width: number;
  readonly height: number;
  /** Different colours in the whole picture. */
  readonly colours: number;
  /** Changes with any pixel. */
  readonly digest: number;
}

/** What is painted on a canvas. */
export function lookAtCanvas(canvas: Locator): Promise<CanvasLook> {
  return canvas.evaluate((element) => {
    const source = element as unknown as PixelSource;
    const { width, height } = source;
    const { data } = source.getContext('2d').getImageData(0, 0, width, height);
    const colours = new Set<number>();
    let digest = 0;
    for (let at = 0; at < data.length; at += 4) {
      const colour = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
      colours.add(colour);
      digest = (Math.imul(digest, 31) + colour) | 0;
    }
    return { width, height, colours: colours.size, digest };
  });
}
