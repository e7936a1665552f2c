//VERSION=3
// Sentinel-2 L2A: 12 bands as digital numbers without their offset (harmonised), optical thickness of aerosols,
// scene classes, probabilities of snow and cloud in per cent, and whether there are data at all.
function setup() {
  return {
    input: [
      {
        bands: ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "AOT", "SCL", "SNW", "CLD", "dataMask"],
        units: ["DN", "DN", "DN", "DN", "DN", "DN", "DN", "DN", "DN", "DN", "DN", "DN", "DN", "DN", "PERCENT", "PERCENT", "DN"]
      }
    ],
    output: { bands: 17, sampleType: "UINT16" }
  };
}

function evaluatePixel(s) {
  return [s.B01, s.B02, s.B03, s.B04, s.B05, s.B06, s.B07, s.B08, s.B8A, s.B09, s.B11, s.B12, s.AOT, s.SCL, s.SNW, s.CLD, s.dataMask];
}
