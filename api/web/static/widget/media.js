// Photos, voice clips and videos: from files, or recorded here; made ready to be sent.

const LONGEST_PX = 2048;
const THUMB_PX = 160;

/** Return image, audio or video for a file, or null for anything else. */
export function kindOf(file) {
  const kind = file.type.split("/")[0];
  if (["image", "audio", "video"].includes(kind)) return kind;
  return /\.(heic|heif|avif)$/i.test(file.name ?? "") ? "image" : null;
}

/** Return what is sent and shown of a file; a photo that is too large is made smaller. Throws {kind, size, limit} if it stays so. */
export async function prepared(file, limits) {
  const kind = kindOf(file);
  const limit = limits?.[`${kind}_bytes`] ?? Infinity;
  let sent = file;
  if (kind === "image" && file.size > limit) sent = (await drawn(file, LONGEST_PX)) ?? file;
  if (sent.size > limit) throw { kind, size: sent.size, limit };
  const thumb = kind === "image" ? await drawn(file, THUMB_PX) : null;
  return { kind, name: file.name ?? "", data: await base64(sent), thumb: thumb ? await address(thumb) : null, blob: sent };
}

async function drawn(file, longest) {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.86));
  } catch {
    return null; // a format this browser cannot show, such as HEIC: the service can read it
  }
}

function address(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

async function base64(blob) {
  return (await address(blob)).split(",", 2)[1];
}

/** Record sound, or sound and picture, until `stop()`; `done` resolves to the file, or to null if nothing was recorded. */
export async function recorder(kind, maxS) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: kind === "video" });
  const wanted = kind === "video" ? ["video/webm", "video/mp4"] : ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg"];
  const type = wanted.find((one) => MediaRecorder.isTypeSupported(one));
  const machine = new MediaRecorder(stream, type ? { mimeType: type } : {});
  const parts = [];
  machine.ondataavailable = (event) => event.data.size && parts.push(event.data);
  const done = new Promise((resolve) => {
    machine.onstop = () => {
      stream.getTracks().forEach((track) => track.stop());
      const plain = (machine.mimeType || type || `${kind}/webm`).split(";")[0];
      resolve(parts.length ? new File(parts, `${kind}.${plain.split("/")[1]}`, { type: plain.replace(/^\w+/, kind) }) : null);
    };
  });
  machine.start(250);
  const stop = () => machine.state !== "inactive" && machine.stop();
  const timer = setTimeout(stop, 1000 * maxS);
  done.then(() => clearTimeout(timer));
  return { stream, stop, done };
}
