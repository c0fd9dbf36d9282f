"""The stock nodes, one file each, thin: ports, parameters and the call into the floor below."""
