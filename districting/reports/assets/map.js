// What the folium map of one division needs beyond folium: names that give way, marks, hatching, buildings.
const districtMap = {
  metresPerPixel(map) {
    return (40075016.686 * Math.cos((map.getCenter().lat * Math.PI) / 180)) / 2 ** (map.getZoom() + 8);
  },

  // Names at their poles, largest community first. A name steps aside for a mark inside its own land, drops its
  // second line where there is room for one only, and is hidden where there is none.
  labels(map, group, labels) {
    const markers = labels.map((label) => {
      const icon = L.divIcon({ className: `name${label.broken ? " broken" : ""}`, html: `<b>${label.name}</b><span>${label.caption}</span>`, iconSize: null });
      return L.marker([label.y, label.x], { icon, interactive: false, keyboard: false, pane: "names" }).addTo(group);
    });
    let sizes = null;
    const measure = (elements) => {
      const read = (small) => {
        elements.forEach((element) => element.classList.toggle("small", small));
        return elements.map((element) => [element.offsetWidth, element.offsetHeight]);
      };
      return { two: read(false), one: read(true) };
    };
    const place = () => {
      const elements = markers.map((marker) => marker.getElement());
      if (elements.some((element) => !element)) return;
      if (!sizes) sizes = measure(elements);
      const taken = this.marksOn(map);
      const scale = this.metresPerPixel(map);
      const free = (box) => !taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]);
      markers.forEach((marker, i) => {
        const at = map.latLngToLayerPoint(marker.getLatLng());
        const radius = labels[i].radius / scale;
        let found = null;
        for (const lines of radius < 22 ? ["one"] : ["two", "one"]) {
          const [wide, high] = sizes[lines][i];
          if (radius < wide / 6) continue;
          for (const shift of [0, 16, -16, 28, -28, 42, -42]) {
            const box = [at.x - wide / 2, at.y + shift - high / 2, at.x + wide / 2, at.y + shift + high / 2];
            if (Math.abs(shift) > radius * 0.65 || !free(box)) continue;
            found = { lines, shift, box };
            break;
          }
          if (found) break;
        }
        elements[i].classList.toggle("hidden", !found);
        if (!found) return;
        taken.push(found.box);
        elements[i].classList.toggle("small", found.lines === "one");
        elements[i].style.marginTop = `${found.shift}px`;
      });
    };
    map.on("zoomend overlayadd overlayremove", place);
    group.on("add", place);
    map.whenReady(() => setTimeout(place, 0));
  },

  // Boxes of the service centres and findings that are shown, in px of the map.
  marksOn(map) {
    const far = map.getContainer().classList.contains("far");
    const boxes = [];
    for (const { group, half, farHalf } of this.marked) {
      const reach = far ? farHalf : half;
      if (!map.hasLayer(group) || !reach) continue;
      group.eachLayer((marker) => {
        const at = map.latLngToLayerPoint(marker.getLatLng());
        boxes.push([at.x - reach, at.y - reach, at.x + reach, at.y + reach]);
      });
    }
    return boxes;
  },

  marked: [],

  // The scale in metres, the list of layers beside the map, how far people may go out and in, and a class that
  // says when the map is seen from far.
  dress(map, layers) {
    L.control.scale({ imperial: false }).addTo(map);
    document.getElementById("layers").append(layers.getContainer());
    const distance = () => map.getContainer().classList.toggle("far", this.metresPerPixel(map) > 5);
    map.on("zoomend", distance);
    map.whenReady(() => {
      distance();
      const whole = map.getBounds();
      map.setMinZoom(Math.floor(map.getZoom()) - 1);
      map.setMaxZoom(Math.max(19, Math.ceil(map.getZoom())));
      map.setMaxBounds(whole.pad(0.6));
    });
  },

  findings(map, group, findings) {
    this.marked.push({ group, half: 9, farHalf: 5 });
    for (const finding of findings) {
      const icon = L.divIcon({ className: `mark ${finding.strength}`, html: "<i>!</i>", iconSize: [18, 18], iconAnchor: [9, 9] });
      L.marker([finding.y, finding.x], { icon, title: finding.text, alt: finding.text, pane: "marks", zIndexOffset: { must: 2000, should: 1000, prefer: 0 }[finding.strength] }).bindPopup(finding.html, { maxWidth: 320 }).addTo(group);
    }
  },

  seats(map, group, seats) {
    this.marked.push({ group, half: 8, farHalf: 0 });
    for (const seat of seats) {
      const icon = L.divIcon({ className: `seat ${seat.kind}`, iconSize: [15, 15], iconAnchor: [7.5, 7.5] });
      L.marker([seat.y, seat.x], { icon, keyboard: false, pane: "marks", alt: seat.text }).bindTooltip(seat.text).addTo(group);
    }
  },

  // Drawn only once people ask for it: x, y as differences in millionths of a degree, households.
  buildings(map, group, data) {
    let drawn = false;
    group.on("add", () => {
      if (drawn) return;
      drawn = true;
      const renderer = L.canvas({ pane: "buildings" });
      let x = 0;
      let y = 0;
      data.households.forEach((households, i) => {
        x += data.xy[2 * i];
        y += data.xy[2 * i + 1];
        L.circleMarker([y / 1e6, x / 1e6], { renderer, radius: 1.2 + Math.sqrt(households) / 5, stroke: false, fillColor: "#1d2733", fillOpacity: 0.45, interactive: false }).addTo(group);
      });
    });
  },

  // Leaflet's drawing on SVG knows no hatching: a pattern beside it does.
  hatch(map) {
    const holder = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    holder.setAttribute("width", "0");
    holder.setAttribute("height", "0");
    holder.style.position = "absolute";
    holder.innerHTML = '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="7" stroke="#5b2a86" stroke-width="2.2" stroke-opacity=".6"/></pattern></defs>';
    map.getContainer().append(holder);
  },
};
