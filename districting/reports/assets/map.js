// What the folium map of one division needs beyond folium: names that give way, marks, hatching, buildings.
const districtMap = {
  // Names at their poles, largest community first; a name that has no room is hidden until there is.
  labels(map, group, labels) {
    const markers = labels.map((label) => {
      const icon = L.divIcon({ className: `name${label.broken ? " broken" : ""}`, html: `<b>${label.name}</b><span>${label.caption}</span>`, iconSize: null });
      return L.marker([label.y, label.x], { icon, interactive: false, keyboard: false, pane: "names" }).addTo(group);
    });
    const place = () => {
      const taken = [];
      const metresPerPixel = (40075016.686 * Math.cos((map.getCenter().lat * Math.PI) / 180)) / 2 ** (map.getZoom() + 8);
      markers.forEach((marker, i) => {
        const element = marker.getElement();
        if (!element) return;
        const radius = labels[i].radius / metresPerPixel;
        element.classList.toggle("small", radius < 22);
        element.style.display = "";
        const at = map.latLngToLayerPoint(marker.getLatLng());
        const wide = element.offsetWidth / 2;
        const high = element.offsetHeight / 2;
        const box = [at.x - wide, at.y - high, at.x + wide, at.y + high];
        const clash = taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]);
        if (clash || radius < wide / 3.2) element.style.display = "none";
        else taken.push(box);
      });
    };
    map.on("zoomend", place);
    group.on("add", place);
    map.whenReady(() => setTimeout(place, 0));
  },

  // The scale in metres, the list of layers beside the map, and a class that says when the map is seen from far.
  dress(map, layers) {
    L.control.scale({ imperial: false }).addTo(map);
    document.getElementById("layers").append(layers.getContainer());
    const distance = () => {
      const metresPerPixel = (40075016.686 * Math.cos((map.getCenter().lat * Math.PI) / 180)) / 2 ** (map.getZoom() + 8);
      map.getContainer().classList.toggle("far", metresPerPixel > 5);
    };
    map.on("zoomend", distance);
    map.whenReady(distance);
  },

  findings(map, group, findings) {
    for (const finding of findings) {
      const icon = L.divIcon({ className: `mark ${finding.strength}`, html: "<i>!</i>", iconSize: [18, 18], iconAnchor: [9, 9] });
      L.marker([finding.y, finding.x], { icon, title: finding.text, alt: finding.text, pane: "marks" }).bindPopup(finding.html, { maxWidth: 320 }).addTo(group);
    }
  },

  seats(map, group, seats) {
    for (const seat of seats) {
      const icon = L.divIcon({ className: `seat ${seat.kind}`, iconSize: [13, 13], iconAnchor: [6.5, 6.5] });
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
