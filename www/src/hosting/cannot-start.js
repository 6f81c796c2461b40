// Says in words why the page cannot start, and what to do.
(() => {
  const chinese = /^zh\b/i.test((navigator.languages || [])[0] || navigator.language);
  const [english, words] =
    location.protocol === 'file:'
      ? [
          'Charloom was opened as a file, and browsers do not run it that way. Serve this folder and open the address: for example “python3 -m http.server” in it, then http://localhost:8000.',
          'Charloom 是作为文件打开的，浏览器不允许这样运行。请用一个网页服务器打开它：例如在这个文件夹里运行“python3 -m http.server”，再访问 http://localhost:8000。',
        ]
      : self.origin === 'null'
        ? [
            'Charloom is in a frame that gives it no origin of its own, so it may load nothing and store nothing. The page that holds the frame must add “allow-same-origin” to its sandbox attribute; or open this address in a window of its own.',
            '嵌入 Charloom 的框架没有给它自己的源，所以它不能加载也不能存储任何东西。请在外层页面的 sandbox 属性里加上 allow-same-origin，或在单独的窗口中打开这个地址。',
          ]
        : [
            'A part of Charloom could not be loaded. Check the network and reload the page; if that does not help, the server may be missing files.',
            'Charloom 的一部分没能加载。请检查网络后重新加载；仍不行的话，可能是服务器上缺少文件。',
          ];
  const place = document.createElement('p');
  place.id = 'cannot-start';
  place.setAttribute('role', 'alert');
  place.style.cssText = 'max-width:40em;margin:3em auto;padding:0 1em;font:17px/1.6 system-ui,sans-serif';
  place.textContent = chinese ? words : english;
  (document.body || document.documentElement).append(place);
})();
