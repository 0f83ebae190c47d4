#!/bin/sh
# Makes the environments of the handcrafted features' peers.
# usage: environment.sh FOLDER        then FOLDER/pyradiomics/bin/python runs the scripts, FOLDER/nyxus, FOLDER/flash and FOLDER/mirp are for others.py
set -eu
folder=${1:?usage: environment.sh FOLDER}
environment() {
    name=$1
    shift
    python3 -m venv "$folder/$name"
    "$folder/$name/bin/pip" install --quiet "$@"
}
# PyRadiomics 3.0.1 is built from source, with the numpy of its time.
environment pyradiomics "numpy<2" "setuptools<70" wheel cython versioneer scipy SimpleITK PyWavelets pykwalify six
"$folder/pyradiomics/bin/pip" install --quiet --no-build-isolation --no-deps pyradiomics==3.0.1
environment nyxus nyxus==0.11.0
# The wheel of flash-radiomics names no dependencies.
environment flash flash-radiomics==1.0.0 numpy h5py SimpleITK pykwalify PyWavelets scipy scikit-image scikit-learn trimesh
environment mirp mirp==2.7.0
