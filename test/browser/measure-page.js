/* Runs in the page: what appearance.ts wants to know about how it looks. */
/* global document, getComputedStyle */
(() => {
  /** The luminance of a colour as computed styles have it (WCAG 2.2, relative luminance). */
  const luminance = (color) => {
    const [red, green, blue] = color.match(/[\d.]+/g).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const background = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    if (color !== 'rgba(0, 0, 0, 0)') return color;
    return element.parentElement === null ? 'rgb(255, 255, 255)' : background(element.parentElement);
  };
  const texts = [...document.querySelectorAll('h1, h2, h3, p, a, label, small, button, pre, var, code')];
  return {
    contentWidth: document.documentElement.scrollWidth,
    screenWidth: document.documentElement.clientWidth,
    background: luminance(background(document.body)),
    texts: texts.map((element) => ({
      text: element.textContent.slice(0, 40),
      letters: luminance(getComputedStyle(element).color),
      ground: luminance(background(element)),
    })),
  };
})();
