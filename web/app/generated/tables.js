// Written by `python -m tools.app.tables` from the Python package; do not edit.

export const common = {
 "plots": [
  "knee flexion",
  "hip flexion",
  "elbow flexion",
  "shoulder flexion",
  "trunk lean"
 ],
 "colours": {
  "light": {
   "left": "#e86c1a",
   "right": "#1976bc",
   "middle": "#495057",
   "backdrop": "#f7f8fa",
   "floor": "#e9ecf0",
   "grid": "#ffffff",
   "ink": "#343a40",
   "faint": "#868e96",
   "card": "#ffffff"
  },
  "dark": {
   "left": "#e86c1a",
   "right": "#1976bc",
   "middle": "#adb5bd",
   "backdrop": "#1a1d21",
   "floor": "#262a2f",
   "grid": "#3a3f45",
   "ink": "#e9ecef",
   "faint": "#9098a0",
   "card": "#121417"
  }
 },
 "sure": 0.5,
 "pale": 0.45
};

export const blazepose = {
 "NAME": "blazepose",
 "NUM_JOINTS": 33,
 "AROUND": 3,
 "SEARCH_EVERY": 10,
 "SEARCH_SOON": 3,
 "SOON": 30,
 "LEAST_PRESENCE": 0.5
};

export const personNetwork = {
 "SIDE": 224,
 "STRIDES": [
  8,
  16,
  32,
  32,
  32
 ],
 "ANCHORS_PER_CELL": 2,
 "NUM_POINTS": 4,
 "HIPS": 0,
 "TOP": 1,
 "LEAST_SCORE": 0.5,
 "SAME_PERSON": 0.3
};

export const landmarkNetwork = {
 "SIDE": 256,
 "NUM_JOINTS": 33,
 "NUM_POINTS": 39,
 "HIPS": 33,
 "TOP": 34,
 "REACH": 3,
 "LEAST_HEAT": 0.5,
 "WEIGHT_VISIBLE": 0.64,
 "WEIGHT_PRESENT": 0.54,
 "OFFSET": -2.06,
 "SUREST": 0.964
};

export const regions = {
 "ROOM": 1.25,
 "BLOCK": 64
};

export const following = {
 "SAME_PLACE": 0.12,
 "SAME_POSE": 0.12,
 "WITHIN": 0.7,
 "NOT_SMALLER": 0.7
};

export const cuts = {
 "GRID": 32,
 "SAMPLES": 4,
 "CUT": 0.1,
 "PEAK": 3.0,
 "AROUND": 3,
 "NOISE": 8.0
};

export const tracking = {
 "KEEP_SECONDS": 2.0,
 "JOINT_WIDTH": 0.1,
 "LEAST_LIKENESS": 0.15,
 "HIDDEN_LIKENESS": 0.8,
 "CUT_LIKENESS": 0.5,
 "RARELY": 0.02,
 "REACH": 0.5,
 "REACH_PER_SECOND": 2.0,
 "FARTHEST": 2.0,
 "SIZE_RATIO": 2.5,
 "MEMORY_SECONDS": 0.2,
 "FADING_SECONDS": 1.0,
 "IMAGES_PER_SECOND": 25.0
};

export const leftRight = {
 "MARGIN": 0.03,
 "FAR": 0.25,
 "PRICE": 0.1,
 "LONGEST_STEP": 0.101
};

export const oneEuro = {
 "min_cutoff": 1.5,
 "beta": 3.0,
 "derivative_cutoff": 1.0,
 "description": "one-euro, 1.5 Hz + 3 Hz s/m"
};

export const live = {
 "FORGET_S": 10.0,
 "REMEMBERED": 10000
};

export const camera = {
 "DEFAULT_FIELD_OF_VIEW": 60.0
};

export const placement = {
 "LEAST_JOINTS": 3,
 "STEPS": 12,
 "TUNING": 1.9940969999999998,
 "LEAST_PX": 0.1
};

export const kinematics = {
 "PIVOT": "_pivot",
 "FASTEST_TWIST": 7.853981633974483,
 "FASTEST_HEADING": 25.132741228718345,
 "PRIOR": 0.05,
 "MEMORY_S": 0.2,
 "HEADING_MEMORY_S": 0.05,
 "REST": {
  "knee": [
   -0.0,
   -1.0,
   -0.0
  ],
  "ankle": [
   -0.0,
   -1.0,
   -0.0
  ],
  "foot": [
   0.0,
   0.0,
   1.0
  ],
  "toe": [
   0.0,
   0.0,
   1.0
  ],
  "foot_index": [
   0.0,
   0.0,
   1.0
  ],
  "big_toe": [
   0.0,
   0.0,
   1.0
  ],
  "small_toe": [
   0.0,
   0.0,
   1.0
  ],
  "heel": [
   -0.0,
   -0.0,
   -1.0
  ]
 }
};

export const jointAngles = {
 "SIDEWAYS": 0.25881904510252074,
 "ANGLES": {
  "left_knee_flexion": {
   "by": "bend",
   "joints": [
    "left_hip",
    "left_knee",
    "left_ankle"
   ]
  },
  "right_knee_flexion": {
   "by": "bend",
   "joints": [
    "right_hip",
    "right_knee",
    "right_ankle"
   ]
  },
  "left_elbow_flexion": {
   "by": "bend",
   "joints": [
    "left_shoulder",
    "left_elbow",
    "left_wrist"
   ]
  },
  "right_elbow_flexion": {
   "by": "bend",
   "joints": [
    "right_shoulder",
    "right_elbow",
    "right_wrist"
   ]
  },
  "left_hip_flexion": {
   "by": "swing",
   "joints": [
    "hip",
    "thorax",
    "left_hip",
    "right_hip",
    "left_hip",
    "left_knee"
   ]
  },
  "right_hip_flexion": {
   "by": "swing",
   "joints": [
    "hip",
    "thorax",
    "left_hip",
    "right_hip",
    "right_hip",
    "right_knee"
   ]
  },
  "left_shoulder_flexion": {
   "by": "swing",
   "joints": [
    "hip",
    "thorax",
    "left_shoulder",
    "right_shoulder",
    "left_shoulder",
    "left_elbow"
   ]
  },
  "right_shoulder_flexion": {
   "by": "swing",
   "joints": [
    "hip",
    "thorax",
    "left_shoulder",
    "right_shoulder",
    "right_shoulder",
    "right_elbow"
   ]
  },
  "trunk_lean": {
   "by": "lean",
   "joints": [
    "hip",
    "thorax"
   ]
  }
 }
};

export const poseFiles = {
 "UNIT": "m",
 "FORMAT": "ampose.poses",
 "VERSION": 1,
 "DIGITS_M": 5,
 "DIGITS_PX": 2,
 "DIGITS_CONFIDENCE": 4,
 "FRAME_OF_REFERENCE": "camera axes (x right, y down, z away), origin at the root joint",
 "SHORT_HASH": 12,
 "CSV": {
  "FORMULA": [
   "=",
   "+",
   "-",
   "@"
  ],
  "DIGITS_M": 5,
  "DIGITS_CONFIDENCE": 4,
  "DIGITS_S": 12
 },
 "BVH": {
  "END": "_end",
  "PIVOT": "_pivot",
  "UP": "y",
  "ROTATIONS": "Zrotation Xrotation Yrotation",
  "POSITIONS": [
   "Xposition",
   "Yposition",
   "Zposition"
  ],
  "FRAMES_AT_ONCE": 4096
 }
};

export const detected = {
 "name": "blazepose_33",
 "parents": {
  "nose": null,
  "left_eye_inner": "nose",
  "left_eye": "left_eye_inner",
  "left_eye_outer": "left_eye",
  "right_eye_inner": "nose",
  "right_eye": "right_eye_inner",
  "right_eye_outer": "right_eye",
  "left_ear": "left_eye_outer",
  "right_ear": "right_eye_outer",
  "left_mouth": "nose",
  "right_mouth": "nose",
  "left_shoulder": "nose",
  "right_shoulder": "nose",
  "left_elbow": "left_shoulder",
  "right_elbow": "right_shoulder",
  "left_wrist": "left_elbow",
  "right_wrist": "right_elbow",
  "left_pinky": "left_wrist",
  "right_pinky": "right_wrist",
  "left_index": "left_wrist",
  "right_index": "right_wrist",
  "left_thumb": "left_wrist",
  "right_thumb": "right_wrist",
  "left_hip": "left_shoulder",
  "right_hip": "right_shoulder",
  "left_knee": "left_hip",
  "right_knee": "right_hip",
  "left_ankle": "left_knee",
  "right_ankle": "right_knee",
  "left_heel": "left_ankle",
  "right_heel": "right_ankle",
  "left_foot_index": "left_heel",
  "right_foot_index": "right_heel"
 },
 "pairs": [
  [
   "left_eye_inner",
   "right_eye_inner"
  ],
  [
   "left_eye",
   "right_eye"
  ],
  [
   "left_eye_outer",
   "right_eye_outer"
  ],
  [
   "left_ear",
   "right_ear"
  ],
  [
   "left_mouth",
   "right_mouth"
  ],
  [
   "left_hip",
   "right_hip"
  ],
  [
   "left_knee",
   "right_knee"
  ],
  [
   "left_ankle",
   "right_ankle"
  ],
  [
   "left_shoulder",
   "right_shoulder"
  ],
  [
   "left_elbow",
   "right_elbow"
  ],
  [
   "left_wrist",
   "right_wrist"
  ],
  [
   "left_pinky",
   "right_pinky"
  ],
  [
   "left_index",
   "right_index"
  ],
  [
   "left_thumb",
   "right_thumb"
  ],
  [
   "left_heel",
   "right_heel"
  ],
  [
   "left_foot_index",
   "right_foot_index"
  ]
 ],
 "joints": [
  "nose",
  "left_eye_inner",
  "left_eye",
  "left_eye_outer",
  "right_eye_inner",
  "right_eye",
  "right_eye_outer",
  "left_ear",
  "right_ear",
  "left_mouth",
  "right_mouth",
  "left_shoulder",
  "right_shoulder",
  "left_elbow",
  "right_elbow",
  "left_wrist",
  "right_wrist",
  "left_pinky",
  "right_pinky",
  "left_index",
  "right_index",
  "left_thumb",
  "right_thumb",
  "left_hip",
  "right_hip",
  "left_knee",
  "right_knee",
  "left_ankle",
  "right_ankle",
  "left_heel",
  "right_heel",
  "left_foot_index",
  "right_foot_index"
 ],
 "bones": [
  [
   0,
   1
  ],
  [
   1,
   2
  ],
  [
   2,
   3
  ],
  [
   0,
   4
  ],
  [
   4,
   5
  ],
  [
   5,
   6
  ],
  [
   3,
   7
  ],
  [
   6,
   8
  ],
  [
   0,
   9
  ],
  [
   0,
   10
  ],
  [
   0,
   11
  ],
  [
   0,
   12
  ],
  [
   11,
   13
  ],
  [
   12,
   14
  ],
  [
   13,
   15
  ],
  [
   14,
   16
  ],
  [
   15,
   17
  ],
  [
   16,
   18
  ],
  [
   15,
   19
  ],
  [
   16,
   20
  ],
  [
   15,
   21
  ],
  [
   16,
   22
  ],
  [
   11,
   23
  ],
  [
   12,
   24
  ],
  [
   23,
   25
  ],
  [
   24,
   26
  ],
  [
   25,
   27
  ],
  [
   26,
   28
  ],
  [
   27,
   29
  ],
  [
   28,
   30
  ],
  [
   29,
   31
  ],
  [
   30,
   32
  ]
 ],
 "sides": [
  "middle",
  "left",
  "left",
  "left",
  "right",
  "right",
  "right",
  "left",
  "right",
  "left",
  "right",
  "left",
  "right",
  "left",
  "right",
  "left",
  "right",
  "left",
  "right",
  "left",
  "right",
  "left",
  "right",
  "left",
  "right",
  "left",
  "right",
  "left",
  "right",
  "left",
  "right",
  "left",
  "right"
 ],
 "flipOrder": [
  0,
  4,
  5,
  6,
  1,
  2,
  3,
  8,
  7,
  10,
  9,
  12,
  11,
  14,
  13,
  16,
  15,
  18,
  17,
  20,
  19,
  22,
  21,
  24,
  23,
  26,
  25,
  28,
  27,
  30,
  29,
  32,
  31
 ]
};

export const lifted = {
 "name": "human36m_17",
 "parents": {
  "hip": null,
  "right_hip": "hip",
  "right_knee": "right_hip",
  "right_ankle": "right_knee",
  "left_hip": "hip",
  "left_knee": "left_hip",
  "left_ankle": "left_knee",
  "spine": "hip",
  "thorax": "spine",
  "neck_nose": "thorax",
  "head": "neck_nose",
  "left_shoulder": "thorax",
  "left_elbow": "left_shoulder",
  "left_wrist": "left_elbow",
  "right_shoulder": "thorax",
  "right_elbow": "right_shoulder",
  "right_wrist": "right_elbow"
 },
 "pairs": [
  [
   "left_hip",
   "right_hip"
  ],
  [
   "left_knee",
   "right_knee"
  ],
  [
   "left_ankle",
   "right_ankle"
  ],
  [
   "left_shoulder",
   "right_shoulder"
  ],
  [
   "left_elbow",
   "right_elbow"
  ],
  [
   "left_wrist",
   "right_wrist"
  ]
 ],
 "joints": [
  "hip",
  "right_hip",
  "right_knee",
  "right_ankle",
  "left_hip",
  "left_knee",
  "left_ankle",
  "spine",
  "thorax",
  "neck_nose",
  "head",
  "left_shoulder",
  "left_elbow",
  "left_wrist",
  "right_shoulder",
  "right_elbow",
  "right_wrist"
 ],
 "bones": [
  [
   0,
   1
  ],
  [
   1,
   2
  ],
  [
   2,
   3
  ],
  [
   0,
   4
  ],
  [
   4,
   5
  ],
  [
   5,
   6
  ],
  [
   0,
   7
  ],
  [
   7,
   8
  ],
  [
   8,
   9
  ],
  [
   9,
   10
  ],
  [
   8,
   11
  ],
  [
   11,
   12
  ],
  [
   12,
   13
  ],
  [
   8,
   14
  ],
  [
   14,
   15
  ],
  [
   15,
   16
  ]
 ],
 "sides": [
  "middle",
  "right",
  "right",
  "right",
  "left",
  "left",
  "left",
  "middle",
  "middle",
  "middle",
  "middle",
  "left",
  "left",
  "left",
  "right",
  "right",
  "right"
 ],
 "flipOrder": [
  0,
  4,
  5,
  6,
  1,
  2,
  3,
  7,
  8,
  9,
  10,
  14,
  15,
  16,
  11,
  12,
  13
 ]
};

export const mapping = {
 "rows": [
  [
   [
    11,
    0.04
   ],
   [
    12,
    0.04
   ],
   [
    23,
    0.46
   ],
   [
    24,
    0.46
   ]
  ],
  [
   [
    12,
    0.08
   ],
   [
    24,
    0.92
   ]
  ],
  [
   [
    26,
    1.0
   ]
  ],
  [
   [
    28,
    1.0
   ]
  ],
  [
   [
    11,
    0.08
   ],
   [
    23,
    0.92
   ]
  ],
  [
   [
    25,
    1.0
   ]
  ],
  [
   [
    27,
    1.0
   ]
  ],
  [
   [
    11,
    0.27
   ],
   [
    12,
    0.27
   ],
   [
    23,
    0.23
   ],
   [
    24,
    0.23
   ]
  ],
  [
   [
    11,
    0.5
   ],
   [
    12,
    0.5
   ]
  ],
  [
   [
    7,
    0.5
   ],
   [
    8,
    0.5
   ]
  ],
  [
   [
    7,
    0.75
   ],
   [
    8,
    0.75
   ],
   [
    11,
    -0.25
   ],
   [
    12,
    -0.25
   ]
  ],
  [
   [
    11,
    1.0
   ]
  ],
  [
   [
    13,
    1.0
   ]
  ],
  [
   [
    15,
    1.0
   ]
  ],
  [
   [
    12,
    1.0
   ]
  ],
  [
   [
    14,
    1.0
   ]
  ],
  [
   [
    16,
    1.0
   ]
  ]
 ],
 "guessed": [
  "spine"
 ],
 "madeUp": [
  "head",
  "hip",
  "neck_nose",
  "spine",
  "thorax"
 ]
};
