import EngineKit

// Floating-point operations of the networks, forward: two for every product that is added up.

extension VQGANConfiguration {
    /// The decoder's, from the quantised latent to the picture, by level; level 0 is the one of full resolution. The
    /// blocks of the middle count for the lowest resolution, the convolution after an enlargement for the level below.
    func decoderOperations(_ size: PictureSize) -> [Double] {
        let levels = ddconfig.chMult.count
        var operations = [Double](repeating: 0, count: levels)
        var inputs = ddconfig.channels(levels - 1)
        for level in (0..<levels).reversed() {
            let scale = Double(ddconfig.patchSize << level)
            let places = Double(size.width) / scale * (Double(size.height) / scale)
            var count = LayerCount(places: places)
            if level == levels - 1 {
                count.convolution(ddconfig.zChannels, inputs, kernel: 3)
                for _ in 0..<2 { count.residual(inputs, inputs) }
                if ddconfig.midAttention { count.attention(inputs) }
            }
            let outputs = ddconfig.channels(level)
            for _ in 0...ddconfig.numResBlocks {
                count.residual(inputs, outputs)
                if ddconfig.attends(level) { count.attention(outputs) }
                inputs = outputs
            }
            if level > 0 {
                // Of a picture with four times the places.
                for _ in 0..<4 { count.convolution(outputs, outputs, kernel: 3) }
            } else {
                count.convolution(outputs, ddconfig.pictureChannels(ddconfig.outCh), kernel: 3)
            }
            operations[level] = count.operations
        }
        return operations
    }
}

extension CLIPConfiguration {
    /// The image tower's for one cutout.
    var towerOperations: Double {
        switch vision.kind {
        case .transformer: transformerOperations
        case .resNet: resNetOperations
        case .convnet: convnetOperations
        }
    }

    private var transformerOperations: Double {
        let (width, patch) = (Double(vision.widths[0]), vision.patchSize ?? 32)
        let cells = Double((imageResolution / patch) * (imageResolution / patch))
        let tokens = cells + 1
        // Query, key, value, output and the two products of four times the width; then the two of attention.
        let block = 24 * width * width * tokens + 4 * width * tokens * tokens
        return 6 * Double(patch * patch) * width * cells + block * Double(vision.layers[0])
    }

    private var resNetOperations: Double {
        let width = vision.widths[0]
        let pixels = Double(imageResolution * imageResolution)
        var stem = LayerCount(places: pixels / 4)
        stem.convolution(3, width / 2, kernel: 3)
        stem.convolution(width / 2, width / 2, kernel: 3)
        stem.convolution(width / 2, width, kernel: 3)
        var operations = stem.operations
        var channels = width
        for (stage, blocks) in vision.layers.enumerated() {
            let planes = width << stage
            var count = LayerCount(places: pixels / Double(16 << (2 * stage)))
            for _ in 0..<blocks {
                count.convolution(channels, planes, kernel: 1)
                count.convolution(planes, planes, kernel: 3)
                count.convolution(planes, 4 * planes, kernel: 1)
                if channels != 4 * planes { count.convolution(channels, 4 * planes, kernel: 1) }
                channels = 4 * planes
            }
            operations += count.operations
        }
        return operations + pooling(channels, places: pixels / 1024)
    }

    private var convnetOperations: Double {
        let pixels = Double(imageResolution * imageResolution)
        var stem = LayerCount(places: pixels / 4)
        stem.convolution(3, vision.widths[0], kernel: 3)
        stem.convolution(vision.widths[0], vision.widths[1], kernel: 3)
        var operations = stem.operations
        var channels = vision.widths[1]
        var places = pixels / 4
        for (stage, outputs) in vision.widths.dropFirst(2).enumerated() {
            places /= 4
            var count = LayerCount(places: places)
            for _ in 0..<max(1, stage < vision.layers.count ? vision.layers[stage] : 1) {
                count.residual(channels, outputs)
                channels = outputs
            }
            operations += count.operations
        }
        return operations + pooling(channels, places: places)
    }

    /// Keys and values of the attention that pools.
    private func pooling(_ channels: Int, places: Double) -> Double { 4 * Double(channels * channels) * places }
}

/// Adds up the layers of one resolution.
private struct LayerCount {
    let places: Double
    private(set) var operations = 0.0

    init(places: Double) { self.places = places }

    mutating func convolution(_ inputs: Int, _ outputs: Int, kernel: Int) {
        operations += 2 * Double(kernel * kernel * inputs * outputs) * places
    }

    /// Two 3 × 3 convolutions around a shortcut.
    mutating func residual(_ inputs: Int, _ outputs: Int) {
        convolution(inputs, outputs, kernel: 3)
        convolution(outputs, outputs, kernel: 3)
        if inputs != outputs { convolution(inputs, outputs, kernel: 1) }
    }

    /// Self-attention over all places.
    mutating func attention(_ channels: Int) {
        for _ in 0..<4 { convolution(channels, channels, kernel: 1) }
        operations += 4 * Double(channels) * places * places
    }
}
