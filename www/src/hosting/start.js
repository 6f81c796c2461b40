// Runs where the page itself cannot: it is an ordinary script, which a browser takes from a folder and into a frame
// without an origin, while modules and workers are refused there. What is the matter, another such script says.
(() => {
  let told = false;
  const { src } = document.currentScript;
  const tell = () => {
    if (told || document.querySelector('cl-page')) return;
    told = true;
    const script = document.createElement('script');
    script.src = src.replace('start.js', 'cannot-start.js');
    document.head.append(script);
  };
  // A module that is refused says so to whoever listens on the way down.
  addEventListener('error', ({ target }) => target instanceof HTMLScriptElement && tell(), true);
  // The page itself says so where it comes as far as that.
  addEventListener('cannot-start', tell);
  if (location.protocol === 'file:') addEventListener('DOMContentLoaded', tell);
})();
