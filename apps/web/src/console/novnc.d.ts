/** The part of @novnc/novnc 1.7 that we use; the package brings no types of its own. */
declare module '@novnc/novnc' {
  interface RfbEvents {
    connect: CustomEvent<Record<string, never>>;
    /** `clean` is true also when the network drops. */
    disconnect: CustomEvent<{ readonly clean: boolean }>;
    desktopname: CustomEvent<{ readonly name: string }>;
    clipboard: CustomEvent<{ readonly text: string }>;
    bell: CustomEvent<Record<string, never>>;
    credentialsrequired: CustomEvent<{ readonly types: readonly string[] }>;
    securityfailure: CustomEvent<{ readonly status: number; readonly reason?: string }>;
  }

  class RFB {
    constructor(target: HTMLElement, channel: WebSocket, options?: { readonly shared?: boolean });
    viewOnly: boolean;
    clipViewport: boolean;
    dragViewport: boolean;
    scaleViewport: boolean;
    resizeSession: boolean;
    focusOnClick: boolean;
    background: string;
    /** 0 to 9. */
    qualityLevel: number;
    /** 0 to 9. */
    compressionLevel: number;
    addEventListener<Name extends keyof RfbEvents>(name: Name, listener: (event: RfbEvents[Name]) => void): void;
    removeEventListener<Name extends keyof RfbEvents>(name: Name, listener: (event: RfbEvents[Name]) => void): void;
    disconnect(): void;
    focus(options?: FocusOptions): void;
    blur(): void;
    /** Without `down`: presses and releases. */
    sendKey(keysym: number, code: string | null, down?: boolean): void;
    sendCtrlAltDel(): void;
    toBlob(callback: (blob: Blob | null) => void, type?: string, quality?: number): void;
  }

  // biome-ignore lint/style/noDefaultExport: this is how the package exports it.
  export { RFB as default };
}
