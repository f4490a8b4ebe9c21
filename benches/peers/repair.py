# Figures of scikit-learn for evaluate/repair.rs: python3 benches/peers/repair.py
import numpy as np, sklearn
from sklearn.isotonic import IsotonicRegression
from sklearn.calibration import _SigmoidCalibration
p = np.array([0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.7, 0.7, 0.8, 0.9, 0.95, 0.15])
y = np.array([0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0])
iso = IsotonicRegression(out_of_bounds="clip").fit(p, y)
at = [0.0, 0.1, 0.17, 0.2, 0.35, 0.5, 0.58, 0.6, 0.65, 0.75, 0.9, 1.0]
print("scikit-learn", sklearn.__version__)
print("const SKLEARN_ISOTONIC: [(f64, f64); %d] = %s;" % (len(at), [(a, float(v)) for a, v in zip(at, iso.predict(at))]))
sig = _SigmoidCalibration().fit(np.log(p / (1 - p)), y)
print("const SKLEARN_PLATT: (f64, f64) = (%r, %r);" % (float(sig.a_), float(sig.b_)))
