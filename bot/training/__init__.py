"""How the models that ship were made, and how they are measured; imported by nobody."""
