"use strict";
// What the page can do beyond its form: read a link that carries the credential after "#",
// scan a QR code, print. Nothing of it is needed.
(() => {
  const id = (name) => document.getElementById(name);
  const text = id("credential"), file = id("file"), scan = id("scan"), video = id("video"), say = id("camera");

  const send = (value) => {
    text.value = value;
    file.value = "";
    text.form.requestSubmit();
  };

  // The part after "#" never reaches a server by itself. It leaves the address bar before it is sent.
  const carried = () => {
    const value = location.hash.slice(1);
    if (!value.startsWith("eyJ")) return;
    history.replaceState(null, "", location.pathname + location.search);
    send(value);
  };
  addEventListener("hashchange", carried);
  carried();

  const print = id("print");
  if (print) {
    print.hidden = false;
    print.onclick = () => window.print();
  }

  // The browser's own reader of QR codes, or ours where it has none.
  const reader = async () => {
    if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      return async () => (await detector.detect(video))[0]?.rawValue;
    }
    await new Promise((loaded, failed) => {
      const s = document.createElement("script");
      s.src = "/jsqr.js";
      s.onload = loaded;
      s.onerror = failed;
      document.head.append(s);
    });
    const canvas = document.createElement("canvas"), draw = canvas.getContext("2d", { willReadFrequently: true });
    return async () => {
      const w = (canvas.width = video.videoWidth), h = (canvas.height = video.videoHeight);
      if (!w) return;
      draw.drawImage(video, 0, 0);
      return jsQR(draw.getImageData(0, 0, w, h).data, w, h, { inversionAttempts: "dontInvert" })?.data;
    };
  };

  let stream;
  const label = scan.textContent;
  const stop = () => {
    stream?.getTracks().forEach((t) => t.stop());
    stream = null;
    video.hidden = true;
    scan.textContent = label;
    say.textContent = "";
  };

  const start = async () => {
    try {
      const mine = (stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
      }));
      video.srcObject = mine;
      video.hidden = false;
      scan.textContent = scan.dataset.stop;
      say.textContent = scan.dataset.aim;
      await video.play();
      const read = await reader();
      while (stream === mine) {
        const found = await read();
        if (found && stream === mine) {
          stop();
          send(found);
          return;
        }
        await new Promise((r) => setTimeout(r, 100));
      }
    } catch {
      stop();
      say.textContent = scan.dataset.denied;
    }
  };

  if (navigator.mediaDevices?.getUserMedia) {
    scan.hidden = false;
    scan.onclick = () => (stream ? stop() : start());
  }
})();
