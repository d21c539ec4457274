"""How `faces/models/mediapipe_mesh/face_landmark.onnx` is made: MediaPipe's face mesh from TensorFlow Lite to ONNX.

python -m personaforge.packs.mesh face_landmark.tflite face_landmark.onnx
"""
