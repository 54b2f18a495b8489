"""Pictures and panels that answer: ipywidgets around the functions of lower floors."""
