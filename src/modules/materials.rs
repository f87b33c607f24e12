//! What bodies ring like: the frequencies of their modes against that of the note, the loudest first.

/// Most modes of a body.
pub const MODES: usize = 24;

/// The modes of a body; the first is the note.
pub struct Material {
    pub ratios: &'static [f32],
}

/// In the order of the module's choices.
pub const MATERIALS: [Material; 6] = [
    // A bar with free ends: (2 k + 1)² / 3.0112², the first two exact.
    Material {
        ratios: &[
            1.0, 2.756_5, 5.403_9, 8.933, 13.344_3, 18.637_9, 24.813, 31.870_6, 39.809_6, 48.631,
            58.333_8, 68.919,
        ],
    },
    // An ideal string.
    Material {
        ratios: &[
            1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0,
            17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0,
        ],
    },
    // A round skin: zeros of Bessel functions over that of J0.
    Material {
        ratios: &[
            1.0, 1.593_4, 2.135_5, 2.295_4, 2.653_1, 2.917_3, 3.155_5, 3.500_1, 3.598_5, 3.647_5,
            4.058_9, 4.131_7, 4.230_4, 4.601, 4.610_1, 4.831_9, 4.903_4, 5.083_9, 5.130_9, 5.412_1,
            5.540_4, 5.553_1, 5.650_9, 5.976_7,
        ],
    },
    // A church bell: prime, hum, tierce, quint, nominal and what lies above.
    Material {
        ratios: &[
            1.0, 0.5, 1.183, 1.506, 2.0, 2.514, 2.662, 3.011, 4.166, 5.433, 6.796, 8.215, 9.657,
            11.11,
        ],
    },
    // A wine glass: the first five as measured, the others as their distances go on.
    Material {
        ratios: &[1.0, 2.32, 4.25, 6.63, 9.38, 12.44, 15.77, 19.34],
    },
    // A singing bowl: the first seven as measured, the others as their distances go on.
    Material {
        ratios: &[1.0, 2.778_3, 5.181, 8.162_9, 11.660_6, 15.638, 19.99, 24.68],
    },
];
