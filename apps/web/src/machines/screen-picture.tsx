import { type ReactNode, useEffect, useState } from 'react';
import { toScreenUrl } from '../api/portal.ts';

/**
 * The newest picture of a machine. A new one is decoded before it covers the old one, so nothing ever turns black in between;
 * one that cannot be loaded changes nothing but `onTrouble`.
 */
export function ScreenPicture({
  hash,
  alt,
  onTrouble,
}: {
  readonly hash: string;
  readonly alt: string;
  readonly onTrouble?: (hash: string) => void;
}): ReactNode {
  const [pictures, setPictures] = useState<readonly string[]>([hash]);
  const shown = pictures.at(-1);

  useEffect(() => {
    if (hash === shown) return;
    let isWanted = true;
    const image = new Image();
    image.src = toScreenUrl(hash);
    image.decode().then(
      () => isWanted && setPictures((old) => [...old.slice(-1), hash]),
      () => isWanted && onTrouble?.(hash),
    );
    return () => {
      isWanted = false;
    };
  }, [hash, shown, onTrouble]);

  return (
    <div className="screen-stack">
      {pictures.map((picture, index) => (
        <img
          key={picture}
          className="screen-image"
          src={toScreenUrl(picture)}
          alt={index === pictures.length - 1 ? alt : ''}
          draggable={false}
          decoding="async"
          onError={() => onTrouble?.(picture)}
        />
      ))}
    </div>
  );
}
