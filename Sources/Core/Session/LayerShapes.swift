import EngineKit

/// What the layers of a network do, for figures of time and memory; sizes are per picture or per cutout.
struct LayerShapes {
    /// A step through a network at one resolution.
    struct Stage {
        /// Places: pixels, cells or tokens.
        let places: Double
        /// Multiplications and additions of the stage, forward.
        let operations: Double
        /// Floats that backward needs.
        let kept: Double
        /// Floats of what backward can compute again, included in `kept`.
        let recomputable: Double
        /// The widest thing that is in memory at once, in floats.
        let widest: Double
    }

    private(set) var stages: [Stage] = []

    var operations: Double { stages.reduce(0) { $0 + $1.operations } }
    var kept: Double { stages.reduce(0) { $0 + $1.kept } }
    var widest: Double { stages.map(\.widest).max() ?? 0 }

    mutating func add(_ places: Double, operations: Double, kept: Double, recomputable: Double = 0, widest: Double) {
        stages.append(
            Stage(places: places, operations: operations, kept: kept, recomputable: recomputable, widest: widest)
        )
    }
}

// MARK: VQGAN

extension VQGANConfiguration {
    /// The decoder from the quantised latent to the picture, a stage per level from the lowest resolution up, the first
    /// one with the middle.
    /// - Parameter isJoint: whether residual blocks keep only what they were given and what lies between their halves.
    func decoder(_ size: PictureSize, isJoint: Bool) -> LayerShapes {
        var shapes = LayerShapes()
        let levels = ddconfig.chMult.count
        var inputs = ddconfig.channels(levels - 1)
        for level in (0..<levels).reversed() {
            let scale = Double(ddconfig.patchSize << level)
            let places = Double(size.width) / scale * (Double(size.height) / scale)
            var stage = BlockCount(places: places, isJoint: isJoint)
            if level == levels - 1 {
                stage.convolution(ddconfig.zChannels, inputs, kernel: 3)
                stage.residual(inputs, inputs)
                if ddconfig.midAttention { stage.attention(inputs) }
                stage.residual(inputs, inputs)
            }
            let outputs = ddconfig.channels(level)
            for _ in 0...ddconfig.numResBlocks {
                stage.residual(inputs, outputs)
                if ddconfig.attends(level) { stage.attention(outputs) }
                inputs = outputs
            }
            if level > 0 {
                stage.enlargement(outputs)
            } else {
                stage.output(outputs, ddconfig.pictureChannels(ddconfig.outCh))
            }
            stage.finish(&shapes)
        }
        return shapes
    }
}

/// Adds up the layers of one resolution.
private struct BlockCount {
    let places: Double
    let isJoint: Bool
    private var operations = 0.0
    private var kept = 0.0
    private var recomputable = 0.0
    private var widest = 0.0

    init(places: Double, isJoint: Bool) {
        self.places = places
        self.isJoint = isJoint
    }

    mutating func convolution(_ inputs: Int, _ outputs: Int, kernel: Int, at places: Double? = nil) {
        operations += 2 * Double(kernel * kernel * inputs * outputs) * (places ?? self.places)
        if !isJoint { kept += Double(inputs) * (places ?? self.places) }
        widest = max(widest, Double(inputs + outputs) * (places ?? self.places))
    }

    /// Two normalised convolutions around a shortcut.
    mutating func residual(_ inputs: Int, _ outputs: Int) {
        convolution(inputs, outputs, kernel: 3)
        convolution(outputs, outputs, kernel: 3)
        if inputs != outputs { operations += 2 * Double(inputs * outputs) * places }
        // What came in and what lies between; one by one, also the result of each normalisation and its activation,
        // less the convolutions' inputs, which are counted above.
        kept += Double(inputs + outputs) * places * (isJoint ? 1 : 2)
        recomputable += isJoint ? Double(outputs) * places : 0
        widest = max(widest, 2 * Double(inputs + outputs) * places)
    }

    /// Self-attention over all places.
    mutating func attention(_ channels: Int) {
        for _ in 0..<4 { convolution(channels, channels, kernel: 1) }
        operations += 4 * Double(channels) * places * places
        // The input, its normalisation, query, key, value, the mixture, and their copies by places.
        kept += 10 * Double(channels) * places
    }

    /// Twice the sides, then a convolution.
    mutating func enlargement(_ channels: Int) {
        convolution(channels, channels, kernel: 3, at: 4 * places)
    }

    mutating func output(_ channels: Int, _ outputs: Int) {
        convolution(channels, outputs, kernel: 3)
        kept += Double(channels) * places * (isJoint ? 1 : 2) + 6 * Double(outputs) * places
    }

    func finish(_ shapes: inout LayerShapes) {
        shapes.add(places, operations: operations, kept: kept, recomputable: recomputable, widest: widest)
    }
}

// MARK: CLIP

extension CLIPConfiguration {
    /// The image tower for one cutout, from the cutout in 0…1 to its features.
    /// - Parameter isJoint: whether the transformer's blocks keep only what backward cannot do without.
    func tower(isJoint: Bool) -> LayerShapes {
        var shapes = LayerShapes()
        let pixels = Double(imageResolution * imageResolution)
        // Scaled to what the tower was trained on.
        shapes.add(pixels, operations: 0, kept: 3 * pixels, widest: 6 * pixels)
        switch vision.kind {
        case .transformer: transformer(&shapes, isJoint)
        case .resNet: resNet(&shapes)
        case .convnet: convnet(&shapes)
        }
        return shapes
    }

    private func transformer(_ shapes: inout LayerShapes, _ isJoint: Bool) {
        let (width, patch) = (Double(vision.widths[0]), vision.patchSize ?? 32)
        let cells = Double((imageResolution / patch) * (imageResolution / patch))
        let tokens = cells + 1
        shapes.add(cells, operations: 6 * Double(patch * patch) * width * cells, kept: 3 * width * tokens, widest: 0)
        let block = 24 * width * width * tokens + 4 * width * tokens * tokens
        for _ in 0..<vision.layers[0] {
            shapes.add(
                tokens,
                operations: block,
                kept: (isJoint ? 10 : 20) * width * tokens,
                widest: 8 * width * tokens
            )
        }
    }

    private func resNet(_ shapes: inout LayerShapes) {
        let width = Double(vision.widths[0])
        var places = Double(imageResolution * imageResolution) / 4
        // Three convolutions; every one keeps its input, its result and what the normalisation makes of it.
        let stem = 9 * (3 * width / 2 + width * width / 4 + width * width / 2)
        shapes.add(places, operations: 2 * stem * places, kept: 3 * 2 * width * places, widest: 2 * width * places)
        places /= 4
        var channels = width
        for (stage, count) in vision.layers.enumerated() {
            let planes = width * Double(1 << stage)
            if stage > 0 { places /= 4 }
            for _ in 0..<count {
                let macs = channels * planes + 9 * planes * planes + 4 * planes * planes
                let kept = (channels + 3 * 2 * planes + 2 * 4 * planes) * places
                shapes.add(places, operations: 2 * macs * places, kept: kept, widest: 8 * planes * places)
                channels = 4 * planes
            }
        }
        shapes.add(places, operations: 4 * channels * channels * places, kept: 5 * channels * places, widest: 0)
    }

    private func convnet(_ shapes: inout LayerShapes) {
        var places = Double(imageResolution * imageResolution) / 4
        let (first, second) = (Double(vision.widths[0]), Double(vision.widths[1]))
        let stem = 9 * (3 * first + first * second)
        let kept = (3 * first + 3 * second) * places
        shapes.add(places, operations: 2 * stem * places, kept: kept, widest: 2 * second * places)
        var channels = second
        for (stage, width) in vision.widths.dropFirst(2).enumerated() {
            let outputs = Double(width)
            places /= 4
            for _ in 0..<max(1, stage < vision.layers.count ? vision.layers[stage] : 1) {
                let macs = 9 * (channels * outputs + outputs * outputs)
                let kept = (2 * channels + 4 * outputs) * places
                shapes.add(places, operations: 2 * macs * places, kept: kept, widest: 2 * outputs * places)
                channels = outputs
            }
        }
        shapes.add(places, operations: 4 * channels * channels * places, kept: 5 * channels * places, widest: 0)
    }
}
